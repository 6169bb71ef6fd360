import type { V1Pod } from '@kubernetes/client-node';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import { isConflict, kubernetesFailure, orUndefined } from '../adapters/kubernetes/failures.ts';
import { PlatformError } from '../contracts/errors.ts';
import type { SpaceRef } from '../contracts/space-ref.ts';
import type { TenantDeps } from './dependencies.ts';
import { keepAlive } from './keep-alive.ts';
import { pollUntil } from './poll.ts';
import { changeWorkloads, resumeWorkload, stopWorkload } from './space-workloads.ts';

/** Its name is what the API server says to who makes a pod in a space that sleeps. */
const quotaName = 'vcluster-platform.space-sleeps';
const podsDeadlineMs = 15 * 60_000;
/** Pods of these go with their controllers, which are scaled to zero or suspended. */
const stoppedControllers = new Set(['ReplicaSet', 'StatefulSet', 'ReplicationController', 'Job']);

/**
 * Sleep and wake of a space: a ResourceQuota that lets no new pods in, then the workloads, then the pods that are left.
 * All are idempotent by space, may be begun anew half-way, and throw `cluster_unreachable`, `forbidden`.
 */
export function createSpaceSleepActivities({ clusters }: Pick<TenantDeps, 'clusters'>) {
  return {
    /** Lets no new pods in. */
    async closeSpace({ space }: { space: SpaceRef }): Promise<void> {
      const { core } = await clusters.client(space.cluster);
      const body = { metadata: { name: quotaName }, spec: { hard: { pods: '0' } } };
      try {
        await core.createNamespacedResourceQuota({ namespace: space.hostNamespace, body });
      } catch (error) {
        if (!isConflict(error)) throw kubernetesFailure(`closing space ${space.name}`, error);
      }
    },

    /** Lets new pods in again. */
    async openSpace({ space }: { space: SpaceRef }): Promise<void> {
      const { core } = await clusters.client(space.cluster);
      try {
        await orUndefined(
          core.deleteNamespacedResourceQuota({ namespace: space.hostNamespace, name: quotaName }),
        );
      } catch (error) {
        throw kubernetesFailure(`opening space ${space.name}`, error);
      }
    },

    /** Scales every workload to zero and suspends jobs; what they had is remembered in an annotation of each. */
    async stopSpaceWorkloads({ space }: { space: SpaceRef }): Promise<void> {
      const client = await clusters.client(space.cluster);
      await keepAlive(() => changeWorkloads(client, space.hostNamespace, stopWorkload));
    },

    /** Gives workloads and jobs back what they had. */
    async resumeSpaceWorkloads({ space }: { space: SpaceRef }): Promise<void> {
      const client = await clusters.client(space.cluster);
      await keepAlive(() => changeWorkloads(client, space.hostNamespace, resumeWorkload));
    },

    /** Deletes the running pods that no controller of ours takes along: bare ones, and those of DaemonSets. */
    async deleteSpacePods({ space }: { space: SpaceRef }): Promise<void> {
      const client = await clusters.client(space.cluster);
      await keepAlive(async () => {
        const pods = await runningPods(client, space);
        for (const pod of pods.filter(isLeft)) await deletePod(client, pod);
      });
    },

    /** Waits until no pod runs any more, with heartbeats. No effects. */
    async waitForSpacePodsEnded({ space }: { space: SpaceRef }): Promise<void> {
      const client = await clusters.client(space.cluster);
      const onDeadline = (last: string) => new PlatformError('conflict', `The pods do not end: ${last}`);
      await pollUntil({ intervalMs: 200, deadlineMs: podsDeadlineMs, onDeadline }, async () => {
        const names = (await runningPods(client, space)).map(({ metadata }) => metadata?.name ?? '');
        if (names.length === 0) return {};
        return names.length > 5
          ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`
          : names.join(', ');
      });
    },
  };
}

/** Whether the space lets no new pods in. @throws PlatformError `cluster_unreachable`, `forbidden` */
export async function isSpaceClosed({ core }: ClusterClient, { hostNamespace }: SpaceRef): Promise<boolean> {
  try {
    const quota = { namespace: hostNamespace, name: quotaName };
    return (await orUndefined(core.readNamespacedResourceQuota(quota))) !== undefined;
  } catch (error) {
    throw kubernetesFailure(`reading whether namespace ${hostNamespace} is closed`, error);
  }
}

/** Pods that have not ended: what has ended stays to be looked at. */
async function runningPods(client: ClusterClient, { hostNamespace }: SpaceRef): Promise<V1Pod[]> {
  const fieldSelector = 'status.phase!=Succeeded,status.phase!=Failed';
  try {
    return (await client.core.listNamespacedPod({ namespace: hostNamespace, fieldSelector })).items;
  } catch (error) {
    throw kubernetesFailure(`reading the pods of namespace ${hostNamespace}`, error);
  }
}

/** One that is gone, or another of its name, is left alone. */
async function deletePod({ core }: ClusterClient, { metadata }: V1Pod): Promise<void> {
  const { namespace = '', name = '', uid } = metadata ?? {};
  const body = uid === undefined ? {} : { preconditions: { uid } };
  try {
    await orUndefined(core.deleteNamespacedPod({ namespace, name, body }));
  } catch (error) {
    if (!isConflict(error)) throw kubernetesFailure(`deleting pod ${name}`, error);
  }
}

function isLeft({ metadata }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  const controller = metadata?.ownerReferences?.find((owner) => owner.controller === true);
  return controller === undefined || !stoppedControllers.has(controller.kind);
}
