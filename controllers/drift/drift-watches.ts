import {
  type AppliedObject,
  followedKinds,
  type FollowedKind,
  type FollowedObject,
  followedSelector,
  readApplied,
} from '../../adapters/applied-objects.ts';
import { appliedState, scaledBy } from '../../adapters/kubernetes/field-owners.ts';
import {
  createInformer,
  fromObjectKey,
  type Informer,
  objectKey,
} from '../../adapters/kubernetes/informer.ts';
import { labels } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type { ControllerContext } from '../controller.ts';

/** A namespace of an instance, as far as it is followed. */
export interface WatchedNamespace {
  readonly metadata: ObjectMeta;
  readonly applied: readonly AppliedObject[];
}

/** What the platform made in the namespaces of one connected cluster, by metadata alone: one watch for each kind that there is. */
export interface ClusterWatch {
  namespace(name: string): WatchedNamespace | undefined;
  /** How an object is (`appliedState`): `gone` if there is none, `scaled` if somebody else scaled it, undefined while that is not known. */
  stateOf(object: AppliedObject, namespace: string): string | undefined;
}

export interface DriftWatches {
  /** Of a cluster that is followed, once its namespaces are known. */
  get(cluster: string): ClusterWatch | undefined;
  /** Follows a cluster, by its present credential. @throws PlatformError as `ConnectedClusters` */
  follow(cluster: string): Promise<void>;
  end(cluster: string): void;
  stop(): Promise<void>;
}

interface WatchedObject {
  readonly metadata: ObjectMeta;
  readonly state: string;
}

interface Watch extends ClusterWatch {
  /** Of the credential that it was begun with. */
  readonly kubeConfig: object;
  isSynced: boolean;
  stop(): Promise<void>;
}

/** @param onChange called with the cluster and the namespace of all that appears, changes or goes */
export function createDriftWatches(
  { followedClusters, logger }: Pick<ControllerContext, 'followedClusters' | 'logger'>,
  onChange: (cluster: string, namespace: string) => void,
): DriftWatches {
  const watches = new Map<string, Watch>();

  function begin(cluster: string, kubeConfig: Parameters<typeof createInformer>[0]['kubeConfig']): Watch {
    const kinds = new Map<FollowedKind, { informer: Informer<WatchedObject>; isSynced: boolean }>();
    const onFailure = (err: unknown) =>
      logger.debug({ err, cluster }, 'the informer of what was applied relists');

    function followKind(kind: FollowedKind): void {
      if (kinds.has(kind)) return;
      const informer = createInformer<WatchedObject>({
        kubeConfig,
        path: followedKinds[kind].join('/'),
        labelSelector: followedSelector(),
        metadataOnly: true,
        keep: keptObject,
        onFailure,
      });
      const followed = { informer, isSynced: false };
      kinds.set(kind, followed);
      informer.onChange((key) => onChange(cluster, fromObjectKey(key).namespace ?? ''));
      void informer.synced.then(() => {
        followed.isSynced = true;
        // Of what is gone since it was noted the list does not tell.
        for (const { metadata, applied } of namespaces.list())
          if (applied.some((object) => object.kind === kind)) onChange(cluster, metadata.name);
      });
    }

    const namespaces = createInformer<WatchedNamespace>({
      kubeConfig,
      path: '/api/v1/namespaces',
      labelSelector: labels.instanceUid,
      metadataOnly: true,
      keep: keptNamespace,
      onFailure,
    });
    namespaces.onChange((name) => {
      for (const { kind } of namespaces.get(name)?.applied ?? []) followKind(kind);
      onChange(cluster, name);
    });
    const watch: Watch = {
      kubeConfig,
      isSynced: false,
      namespace: (name) => namespaces.get(name),
      stateOf({ kind, name }, namespace) {
        const followed = kinds.get(kind);
        if (followed?.isSynced !== true) return undefined;
        return followed.informer.get(objectKey({ namespace, name }))?.state ?? 'gone';
      },
      async stop() {
        const informers = [...kinds.values()].map(({ informer }) => informer);
        await Promise.all([namespaces, ...informers].map((informer) => informer.stop()));
      },
    };
    void namespaces.synced.then(() => {
      watch.isSynced = true;
      for (const { metadata } of namespaces.list()) onChange(cluster, metadata.name);
    });
    return watch;
  }

  function end(cluster: string): void {
    void watches.get(cluster)?.stop();
    watches.delete(cluster);
  }

  return {
    get(cluster) {
      const watch = watches.get(cluster);
      return watch?.isSynced === true ? watch : undefined;
    },
    async follow(cluster) {
      const { kubeConfig } = await followedClusters.client(cluster);
      if (watches.get(cluster)?.kubeConfig === kubeConfig) return;
      end(cluster);
      watches.set(cluster, begin(cluster, kubeConfig));
    },
    end,
    stop: async () => {
      await Promise.all([...watches.values()].map((watch) => watch.stop()));
    },
  };
}

function keptNamespace({ metadata }: WatchedNamespace): WatchedNamespace {
  const { name, uid, resourceVersion, deletionTimestamp, labels: own, annotations } = metadata;
  return {
    metadata: {
      name,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(own === undefined ? {} : { labels: own }),
    },
    applied: readApplied(annotations),
  };
}

function keptObject({ metadata }: WatchedObject): WatchedObject {
  const { name, namespace, resourceVersion, managedFields } = metadata as FollowedObject['metadata'];
  return {
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    state: scaledBy(managedFields) === undefined ? appliedState(managedFields) : 'scaled',
  };
}
