import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type { DiscoveredGroup } from './discovery.ts';
import { listPages } from './list-pages.ts';
import { acceptMetadata, type ApiTarget } from './request.ts';

const metadataList = `${acceptMetadata('PartialObjectMetadataList')},application/json`;

/** A resource that objects of a namespace are of. */
export interface NamespacedResource {
  /** Path of its group and version. */
  readonly base: string;
  /** Plural. */
  readonly resource: string;
  readonly kind: string;
}

/** Those that the namespace controller deletes, in the version that the server prefers. */
export function namespacedResources({ metadata, versions = [] }: DiscoveredGroup): NamespacedResource[] {
  const group = metadata?.name ?? '';
  const seen = new Set<string>();
  return versions.flatMap(({ version, resources = [] }) =>
    resources
      .filter(
        ({ scope, verbs = [] }) =>
          scope === 'Namespaced' && verbs.includes('list') && verbs.includes('delete'),
      )
      .filter(({ resource }) => !seen.has(resource) && seen.add(resource))
      .map(({ resource, responseKind }) => ({
        base: group === '' ? `/api/${version}` : `/apis/${group}/${version}`,
        resource,
        kind: responseKind?.kind ?? resource,
      })),
  );
}

/** Whether the server does not know for now what a group of another server has. */
export function isUnknownGroup({ versions = [] }: DiscoveredGroup): boolean {
  return versions.some(({ freshness }) => freshness === 'Stale');
}

/** The objects of a resource in a namespace, their metadata alone, in pages. @throws as `listPages` */
export async function* listNamespaced(
  kubeConfig: ApiTarget,
  namespace: string,
  { base, resource }: Pick<NamespacedResource, 'base' | 'resource'>,
  labelSelector?: string,
): AsyncGenerator<ObjectMeta[], void> {
  const path = `${base}/namespaces/${namespace}/${resource}`;
  const listed = { kubeConfig, path, accept: metadataList };
  const selected = labelSelector === undefined ? listed : { ...listed, labelSelector };
  for await (const { items } of listPages<{ metadata: ObjectMeta }>(selected))
    yield (items ?? []).map(({ metadata }) => metadata);
}
