import { parse, stringify } from 'yaml';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import { createText as text } from '../../text/create.ts';
import { type Draft, type DraftSpec, manifestOf } from './draft.ts';
import { withMasks, withoutMasks } from './parameter-values.ts';

/** Which resource a text is of. */
export interface ManifestPlace {
  readonly kind: ManagedKind;
  readonly project: string;
}

/** The resource as YAML. @param hiddenOf parameters whose passwords are masked */
export function manifestText(
  { kind, project }: ManifestPlace,
  draft: Draft,
  hiddenOf: readonly AppParameter[],
): string {
  const { parameters } = draft.spec;
  const shown =
    parameters === undefined
      ? draft
      : { ...draft, spec: { ...draft.spec, parameters: withMasks(parameters, hiddenOf) } };
  return stringify(manifestOf(kind, project, shown), { lineWidth: 0 });
}

/** The draft that a text says, or why it says none. @param before the draft with the passwords that the text masks */
export function readManifest(
  source: string,
  { kind, project }: ManifestPlace,
  before: Draft,
  hiddenOf: readonly AppParameter[],
): { draft: Draft } | { fault: string } {
  let read: unknown;
  try {
    read = parse(source);
  } catch (error) {
    // The first line says where; the rest is the place itself.
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { fault: `${message.replace(/:$/, '')}.` };
  }
  if (!isObject(read)) return { fault: text.notAResource };
  const { metadata, spec = {} } = read;
  if (!isObject(metadata) || !isObject(spec)) return { fault: text.notAResource };
  const { namespace: _given, name, ...otherMetadata } = metadata;
  const fault = headFault(read, metadata, manifestOf(kind, project, before));
  if (fault !== undefined) return { fault };
  const odd = oddField(spec, otherMetadata);
  if (odd !== undefined) return { fault: text.oddField(odd) };
  const parameters = spec['parameters'];
  const unmasked =
    typeof parameters === 'string'
      ? { ...spec, parameters: withoutMasks(parameters, before.spec.parameters ?? '', hiddenOf) }
      : spec;
  return {
    draft: {
      metadata: { name: typeof name === 'string' ? name : '', ...otherMetadata },
      spec: unmasked as DraftSpec,
    },
  };
}

/** What of what the form gives, and no one changes, is another in `read`. */
function headFault(
  {
    apiVersion,
    kind,
    metadata: _metadata,
    spec: _spec,
    status: _computed,
    ...others
  }: Record<string, unknown>,
  { namespace }: Record<string, unknown>,
  wanted: ReturnType<typeof manifestOf>,
): string | undefined {
  if (apiVersion !== wanted.apiVersion || kind !== wanted.kind)
    return text.otherKind(wanted.apiVersion, wanted.kind);
  if (namespace !== undefined && namespace !== wanted.metadata.namespace)
    return text.otherNamespace(wanted.metadata.namespace);
  const [unknown] = Object.keys(others);
  return unknown === undefined ? undefined : text.unknownField(unknown);
}

/** A field that the form reads and that has not the form it must have. */
function oddField(spec: Record<string, unknown>, metadata: Record<string, unknown>): string | undefined {
  const texts = ['displayName', 'description', 'parameters'];
  const objects = ['owner', 'templateRef', 'template', 'clusterRef'];
  const isOdd = (value: unknown, isRight: (given: unknown) => boolean) =>
    value !== undefined && !isRight(value);
  const isText = (value: unknown) => typeof value === 'string';
  const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
  const isRule = (rule: unknown) =>
    isObject(rule) &&
    !isOdd(rule['users'], isTexts) &&
    !isOdd(rule['teams'], isTexts) &&
    !isOdd(rule['clusterRole'], isText);
  const odd =
    texts.find((field) => isOdd(spec[field], isText)) ??
    objects.find((field) => isOdd(spec[field], isObject));
  if (odd !== undefined) return `spec.${odd}`;
  const named = [
    ['spec.templateRef.name', spec['templateRef'], 'name'],
    ['spec.templateRef.version', spec['templateRef'], 'version'],
    ['spec.clusterRef.cluster', spec['clusterRef'], 'cluster'],
    ['spec.owner.user', spec['owner'], 'user'],
    ['spec.owner.team', spec['owner'], 'team'],
  ] as const;
  const oddText = named.find(([, holder, field]) => isObject(holder) && isOdd(holder[field], isText));
  if (oddText !== undefined) return oddText[0];
  const template = spec['template'];
  const release = isObject(template) ? template['helmRelease'] : undefined;
  if (isOdd(release, isObject)) return 'spec.template.helmRelease';
  if (isObject(release) && isOdd(release['values'], isText)) return 'spec.template.helmRelease.values';
  if (isOdd(spec['extraAccessRules'], (rules) => Array.isArray(rules) && rules.every(isRule)))
    return 'spec.extraAccessRules';
  const isMarks = (marks: unknown) => isObject(marks) && Object.values(marks).every(isText);
  return ['labels', 'annotations']
    .filter((field) => isOdd(metadata[field], isMarks))
    .map((field) => `metadata.${field}`)[0];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
