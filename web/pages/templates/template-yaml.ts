import { parse, stringify } from 'yaml';
import { managementApiVersion } from '../../../contracts/names.ts';
import { type ManagedTemplate, resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { templatesText as text } from '../../text/templates.ts';
import { pluralOf } from './template-kind.ts';

/** A value as YAML, with texts of several lines as they are. */
export function yamlOf(value: unknown): string {
  return stringify(value ?? {}, { lineWidth: 0 });
}

/** A template as people write it: without what the API server adds and the platform computes. */
export function editableYaml(kind: ManagedKind, { metadata, spec }: ManagedTemplate): string {
  const { name, labels, annotations } = metadata;
  return yamlOf({
    apiVersion: managementApiVersion,
    kind: resourceKinds[pluralOf(kind)].kind,
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: spec ?? {},
  });
}

/** The template that a text says, or why it says none. What it means, the platform checks. */
export function readTemplate(
  source: string,
  kind: ManagedKind,
): { template: ManagedTemplate } | { fault: string } {
  let read: unknown;
  try {
    read = parse(source);
  } catch (error) {
    return { fault: text.notYaml(error instanceof Error ? error.message : String(error)) };
  }
  const wanted = resourceKinds[pluralOf(kind)].kind;
  const { kind: given, metadata, spec } = (read ?? {}) as Record<string, unknown>;
  const name = (metadata as { name?: unknown } | null | undefined)?.name;
  if (
    given !== wanted ||
    typeof name !== 'string' ||
    name === '' ||
    typeof spec !== 'object' ||
    spec === null
  )
    return { fault: text.notATemplate(wanted) };
  return { template: read as ManagedTemplate };
}

const skeletons: Readonly<Record<ManagedKind, object>> = {
  tenant: {
    displayName: 'My template',
    description: 'What it is for',
    access: [{ verbs: ['get', 'use'], users: ['*'] }],
    versions: [
      {
        version: '1.0.0',
        parameters: [
          {
            variable: 'size',
            label: 'Size of the volume',
            type: 'string',
            defaultValue: '1Gi',
            validation: '^[1-9][0-9]*Gi$',
          },
        ],
        template: {
          helmRelease: {
            values:
              'persistence:\n  size: {{ .Values.size | quote }}\nsleep:\n  auto:\n    afterInactivity: 8h\n',
          },
        },
      },
    ],
  },
  space: {
    displayName: 'My template',
    description: 'What it is for',
    access: [{ verbs: ['get', 'use'], users: ['*'] }],
    versions: [
      {
        version: '1.0.0',
        parameters: [
          { variable: 'costCentre', label: 'Cost centre', required: true, validation: '^[0-9]{4}$' },
        ],
        template: { metadata: { labels: { 'cost-centre': '{{ .Values.costCentre }}' } } },
      },
    ],
  },
};

/** Something to begin with. */
export function skeletonYaml(kind: ManagedKind): string {
  return yamlOf({
    apiVersion: managementApiVersion,
    kind: resourceKinds[pluralOf(kind)].kind,
    metadata: { name: 'my-template' },
    spec: skeletons[kind],
  });
}
