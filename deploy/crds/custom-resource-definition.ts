import { managementVersion } from '../../contracts/names.ts';
import type { ResourceKind } from '../../contracts/resources/resource-kinds.ts';
import type { PrinterColumn } from './printer-columns.ts';
import { structuralSchema } from './structural-schema.ts';

type KindNames = Pick<ResourceKind, 'kind' | 'singular' | 'shortNames' | 'namespaced'>;

/** The CustomResourceDefinition of `kind`, whose resources are listed under `plural`. */
export function customResourceDefinition(
  group: string,
  plural: string,
  kind: ResourceKind,
  columns: readonly PrinterColumn[],
): Record<string, unknown> {
  const schema = structuralSchema(kind.schema);
  const fields = schema['properties'] as Record<string, unknown>;
  // The API server knows metadata better; a CRD may only constrain it, which our rules do on the whole object.
  const properties = { ...fields, metadata: { type: 'object' }, ...unobserved(fields) };
  return definition(group, plural, kind, {
    additionalPrinterColumns: columns.map(toColumn),
    schema: { openAPIV3Schema: { ...schema, properties } },
  });
}

/**
 * What nobody has looked at yet says so, as Flux's own kinds do: kstatus takes an object without status for ready, and a
 * tool that waits would go on at once.
 */
function unobserved({ status }: Record<string, unknown>): object {
  const { properties = {} } = (status ?? {}) as { properties?: object };
  if (!('observedGeneration' in properties)) return {};
  return { status: { ...(status as object), default: { observedGeneration: -1 } } };
}

/** The same kind in another group, whose objects the gateway serves: here it is only known, and takes any field. */
export function aliasDefinition(
  group: string,
  plural: string,
  kind: KindNames,
  description: string,
): Record<string, unknown> {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  // Without short names: those of the other group would be ambiguous.
  return definition(group, plural, { ...kind, shortNames: [] }, { schema: { openAPIV3Schema: { ...anything, description } } });
}

function definition(
  group: string,
  plural: string,
  { kind, singular, shortNames, namespaced }: KindNames,
  version: object,
): Record<string, unknown> {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: {
        plural,
        singular,
        kind,
        listKind: `${kind}List`,
        ...(shortNames.length === 0 ? {} : { shortNames }),
      },
      versions: [
        { name: managementVersion, served: true, storage: true, subresources: { status: {} }, ...version },
      ],
    },
  };
}

function toColumn(column: PrinterColumn) {
  const [name, jsonPath, options] = column;
  return {
    name,
    type: options?.type ?? 'string',
    jsonPath,
    ...(options?.wide === true ? { priority: 1 } : {}),
  };
}
