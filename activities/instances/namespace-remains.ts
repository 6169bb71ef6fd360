import type { V1Namespace } from '@kubernetes/client-node';
import type { OwnedNamespace } from '../../adapters/host-namespaces.ts';
import { acceptMetadata, requestJson } from '../../adapters/kubernetes/request.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';

/** As many are named: a namespace may hold thousands. */
const maxNamed = 5;
const pageSize = 50;
const metadataIfKnown = `${acceptMetadata('PartialObjectMetadataList')},application/json`;

interface Remaining {
  readonly resource: string;
  /** Empty: the core group. */
  readonly group: string;
}

/** Why the namespace is there, as Kubernetes says it: by kinds and numbers. */
export function whyPresent({ metadata, status }: V1Namespace): string {
  const reasons = (status?.conditions ?? [])
    .filter((condition) => condition.status === 'True')
    .map(({ message }) => message ?? '');
  return `namespace ${metadata?.name} is ${status?.phase ?? 'there'}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`;
}

/**
 * What keeps a namespace that is being deleted, with the names of the objects and their finalizers, as far as the worker
 * may list them; else as {@link whyPresent}. Reads only.
 */
export async function whatHolds(host: OwnedNamespace): Promise<string> {
  const { namespace, name } = host;
  const { metadata, status } = namespace;
  const own = metadata?.finalizers ?? [];
  if (own.length > 0 && remainingOf(namespace).length === 0)
    return `namespace ${name} is ${status?.phase}, and held by its finalizers ${own.join(', ')}`;
  const named: string[] = [];
  for (const remaining of remainingOf(namespace)) {
    if (named.length < maxNamed) named.push(...(await namesOf(host, remaining)));
  }
  if (named.length === 0) return whyPresent(namespace);
  const more = named.length > maxNamed ? ' and more' : '';
  return `namespace ${name} is ${status?.phase}, and waits for ${named.slice(0, maxNamed).join(', ')}${more}`;
}

/** What the namespace controller says is left: `configmaps. has 1 resource instances`. */
function remainingOf({ status }: V1Namespace): Remaining[] {
  const text = status?.conditions?.find(({ type }) => type === 'NamespaceContentRemaining')?.message ?? '';
  return [...text.matchAll(/([a-z0-9-]+)\.([a-z0-9.-]*) has \d+ resource instances/g)].map(
    ([, resource = '', group = '']) => ({ resource, group }),
  );
}

/** Those with finalizers first: the others go by themselves. None if they cannot be listed. */
async function namesOf(
  { client: { kubeConfig }, name }: OwnedNamespace,
  { resource, group }: Remaining,
): Promise<string[]> {
  try {
    const base = group === '' ? '/api/v1' : `/apis/${await preferredVersion(kubeConfig, group)}`;
    const list = await requestJson(kubeConfig, {
      path: `${base}/namespaces/${name}/${resource}?limit=${pageSize}`,
      accept: metadataIfKnown,
    });
    const { items } = list as { items: { metadata: ObjectMeta }[] };
    return items
      .map(({ metadata }) => ({ name: metadata.name, finalizers: metadata.finalizers ?? [] }))
      .toSorted((a, b) => b.finalizers.length - a.finalizers.length)
      .map((one) => `${resource}/${one.name}${held(one.finalizers)}`);
  } catch {
    return []; // Kubernetes' own words have to do: it may not be listed
  }
}

function held(finalizers: readonly string[]): string {
  return finalizers.length === 0 ? '' : ` (finalizers: ${finalizers.join(', ')})`;
}

async function preferredVersion(
  kubeConfig: OwnedNamespace['client']['kubeConfig'],
  group: string,
): Promise<string> {
  const found = await requestJson(kubeConfig, { path: `/apis/${group}` });
  return (found as { preferredVersion: { groupVersion: string } }).preferredVersion.groupVersion;
}
