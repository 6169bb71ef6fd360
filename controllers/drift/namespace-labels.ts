import { callKubernetes, orUndefined, unlessConflict } from '../../adapters/kubernetes/failures.ts';
import { lastChanger } from '../../adapters/kubernetes/field-owners.ts';
import type { FollowedObject } from '../../adapters/applied-objects.ts';
import { acceptMetadata, requestJson } from '../../adapters/kubernetes/request.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import { labels } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { lostLabels } from '../../domain/kinds/namespace-labels.ts';
import type { ControllerContext } from '../controller.ts';
import type { WatchedNamespace } from './drift-watches.ts';
import type { Drift } from './put-backs.ts';

/** Where the namespace of an instance is, and of which project that is. */
export interface LabelledPlace {
  readonly cluster: string;
  readonly namespace: string;
  readonly project: string;
}

type Namespace = Pick<WatchedNamespace, 'metadata'> & FollowedObject;

/** The platform's labels on the namespaces of instances: whose they are, and what may run there. */
export interface NamespaceLabels {
  /** What is amiss with them; undefined: nothing, or it cannot be told that the namespace is still the instance's own. */
  find(
    kind: ManagedKind,
    instance: Stored<ManagedInstance>,
    place: LabelledPlace,
    seen: WatchedNamespace | undefined,
  ): Promise<Drift | undefined>;
  /** Writes them, unless the namespace was changed since. @throws PlatformError `cluster_unreachable`, `forbidden` */
  putBack(kind: ManagedKind, instance: Stored<ManagedInstance>, place: LabelledPlace): Promise<void>;
}

export function createNamespaceLabels({
  followedClusters,
}: Pick<ControllerContext, 'followedClusters'>): NamespaceLabels {
  /**
   * By the uid of an instance: the uid of the namespace that was seen to carry its label. Only that one gets the label back: another of
   * the same name is somebody else's, and may not become ours because of its name.
   */
  const known = new Map<string, string>();

  async function read({ cluster, namespace: name }: LabelledPlace) {
    const { kubeConfig } = await followedClusters.client(cluster);
    const request = {
      path: `/api/v1/namespaces/${encodeURIComponent(name)}`,
      accept: acceptMetadata('PartialObjectMetadata'),
    };
    const read = callKubernetes(`reading namespace ${name}`, orUndefined(requestJson(kubeConfig, request)));
    return { kubeConfig, found: ((await read) as Namespace | undefined)?.metadata };
  }

  return {
    async find(kind, instance, place, seen) {
      const { uid } = instance.metadata;
      const isLabelled = (given: Readonly<Record<string, string>> | undefined) =>
        Object.keys(lostLabelsOf(kind, instance, place.project, given)).length === 0;
      if (seen?.metadata.deletionTimestamp !== undefined) return undefined;
      if (seen?.metadata.uid !== undefined && seen.metadata.labels?.[labels.instanceUid] === uid) {
        known.set(uid, seen.metadata.uid);
        if (isLabelled(seen.metadata.labels)) return undefined;
      } else if (!known.has(uid)) return undefined;
      const { found } = await read(place);
      const isOurs =
        found !== undefined && found.uid === known.get(uid) && found.deletionTimestamp === undefined;
      if (!isOurs || isLabelled(found.labels)) return undefined;
      const by = lastChanger(found.managedFields);
      return { kind: 'Namespace', name: place.namespace, how: 'changed', by };
    },

    async putBack(kind, instance, place) {
      const { kubeConfig, found } = await read(place);
      const { uid, resourceVersion } = found ?? {};
      if (uid === undefined || uid !== known.get(instance.metadata.uid)) return;
      const lost = lostLabelsOf(kind, instance, place.project, found?.labels);
      const write = requestJson(kubeConfig, {
        method: 'PATCH',
        path: `/api/v1/namespaces/${encodeURIComponent(place.namespace)}`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { uid, resourceVersion, labels: lost } },
      });
      await callKubernetes(`labelling namespace ${place.namespace}`, unlessConflict(write));
    },
  };
}

function lostLabelsOf(
  kind: ManagedKind,
  { metadata: { name, uid } }: Stored<ManagedInstance>,
  project: string,
  given: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  return lostLabels({ kind, project, name, uid }, given);
}
