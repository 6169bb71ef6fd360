import type { FollowedObject } from '../../adapters/applied-objects.ts';
import { lastChanger } from '../../adapters/kubernetes/field-owners.ts';
import { createInformer, fromObjectKey, type Informer } from '../../adapters/kubernetes/informer.ts';
import { rbacPath } from '../../adapters/kubernetes/rbac-objects.ts';
import { spaceBindingsSelector } from '../../adapters/space-rbac.ts';
import type { MetadataOnly } from '../caches.ts';
import type { ControllerContext } from '../controller.ts';
import type { Drift } from '../drift/put-backs.ts';

/** Watches of our bindings in the spaces of connected clusters, so that those that nobody changes need not be read again and again. */
export interface BindingWatches {
  /** By `performance.now()`: since when each change in the cluster is told; undefined while it is not. Starts to watch it. */
  followedSince(cluster: string): Promise<number | undefined>;
  /** Of a cluster that is not connected any more. */
  end(cluster: string): void;
  stop(): Promise<void>;
}

interface Watch {
  /** Of the credential that it was begun with. */
  readonly kubeConfig: object;
  readonly informer: Informer<WatchedBinding>;
  since: number | undefined;
}

/** Bookmarks come about once a minute. */
const silentMs = 180_000;

/** A binding that appeared, changed or went; `by`: who wrote it last besides the platform. */
export type ChangedBinding = Pick<Drift, 'name' | 'how' | 'by'>;

interface WatchedBinding extends MetadataOnly {
  readonly by?: string | undefined;
}

/** @param onChange called with the cluster and the namespace of each binding that appears, changes or goes */
export function createBindingWatches(
  { watchedClusters, logger }: Pick<ControllerContext, 'watchedClusters' | 'logger'>,
  onChange: (cluster: string, namespace: string, binding: ChangedBinding) => void,
): BindingWatches {
  const watches = new Map<string, Watch>();

  async function watchOf(cluster: string): Promise<Watch> {
    const { kubeConfig } = await watchedClusters.client(cluster);
    const known = watches.get(cluster);
    if (known?.kubeConfig === kubeConfig) return known;
    end(cluster);
    const informer = createInformer<WatchedBinding>({
      kubeConfig,
      path: rbacPath('RoleBinding'),
      labelSelector: spaceBindingsSelector,
      metadataOnly: true,
      keep: withChanger,
      onFailure: (err) => logger.debug({ err, cluster }, 'the informer of space bindings relists'),
    });
    informer.onChange((key) => {
      const { name, namespace = '' } = fromObjectKey(key);
      const found = informer.get(key);
      onChange(cluster, namespace, { name, how: found === undefined ? 'deleted' : 'changed', by: found?.by });
    });
    const watch: Watch = { kubeConfig, informer, since: undefined };
    void informer.synced.then(() => (watch.since = performance.now()));
    watches.set(cluster, watch);
    return watch;
  }

  function end(cluster: string): void {
    void watches.get(cluster)?.informer.stop();
    watches.delete(cluster);
  }

  return {
    async followedSince(cluster) {
      const { informer, since } = await watchOf(cluster);
      return performance.now() - informer.syncedAt < silentMs ? since : undefined;
    },
    end,
    stop: async () => {
      await Promise.all([...watches.values()].map(({ informer }) => informer.stop()));
    },
  };
}

function withChanger({ metadata }: WatchedBinding): WatchedBinding {
  return { metadata, by: lastChanger((metadata as FollowedObject['metadata']).managedFields) };
}
