import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { discoverGroups } from '../../adapters/kubernetes/discovery.ts';
import { callKubernetes, statusOf } from '../../adapters/kubernetes/failures.ts';
import {
  isUnknownGroup,
  listNamespaced,
  type NamespacedResource,
  namespacedResources,
} from '../../adapters/kubernetes/namespaced-objects.ts';
import type { OwnedMeta } from './own-objects.ts';

/** What comes and goes by itself. */
const passing = ['events', 'endpoints', 'endpointslices'];
/** What Kubernetes makes in every namespace. */
const inEvery = ['ServiceAccount default', 'ConfigMap kube-root-ca.crt'];
const maxNamed = 3;

/**
 * What a namespace holds besides objects of ours and what belongs to them, as a phrase: `Secret mine and 2 other objects`. Undefined:
 * nothing. Of what may not be looked at, it says so. Reads only.
 * @param ours uids
 * @throws PlatformError `cluster_unreachable`
 */
export async function foreignObjects(
  { kubeConfig }: ClusterClient,
  namespace: string,
  ours: ReadonlySet<string>,
): Promise<string | undefined> {
  return callKubernetes(`reading what is in namespace ${namespace}`, async () => {
    const groups = await discoverGroups(kubeConfig);
    if (groups.some(isUnknownGroup)) return 'objects of kinds that the cluster does not know at the moment';
    const resources = groups
      .flatMap(namespacedResources)
      .filter(({ resource }) => !passing.includes(resource));
    const listed = await Promise.all(
      resources.map(async (resource) => ({ ...resource, objects: await listAll(resource) })),
    );
    const hidden = listed.find(({ objects }) => objects === undefined);
    if (hidden !== undefined) return `${hidden.resource} that the platform may not look at, perhaps`;
    return phraseOf(
      listed.flatMap(({ kind, objects = [] }) => objects.map((metadata) => ({ kind, metadata }))),
      ours,
    );
  });

  /** Undefined: it may not be listed. */
  async function listAll(resource: NamespacedResource): Promise<OwnedMeta[] | undefined> {
    const found: OwnedMeta[] = [];
    try {
      for await (const page of listNamespaced(kubeConfig, namespace, resource)) found.push(...page);
    } catch (error) {
      if (statusOf(error) === 403) return undefined;
      if (![404, 405].includes(statusOf(error) ?? 0)) throw error; // gone since it was asked for
    }
    return found;
  }
}

function phraseOf(
  objects: readonly { readonly kind: string; readonly metadata: OwnedMeta }[],
  ours: ReadonlySet<string>,
): string | undefined {
  // What belongs to something in the namespace stays or goes with that.
  const known = new Set([...ours, ...objects.map(({ metadata: { uid = '' } }) => uid)]);
  const names = objects
    .filter(({ metadata: { uid = '', ownerReferences = [] } }) => {
      return !ours.has(uid) && !ownerReferences.some((owner) => known.has(owner.uid));
    })
    .map(({ kind, metadata: { name } }) => `${kind} ${name}`)
    .filter((name) => !inEvery.includes(name));
  if (names.length === 0) return undefined;
  const more = names.length - maxNamed;
  const named = names.slice(0, maxNamed).join(', ');
  return more <= 0 ? named : `${named} and ${more} more ${more === 1 ? 'object' : 'objects'}`;
}
