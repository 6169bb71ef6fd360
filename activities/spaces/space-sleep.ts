import type { V1Pod } from '@kubernetes/client-node';
import type { SpaceHost } from '../../adapters/host-namespaces.ts';
import { callKubernetes, orUndefined, unlessConflict } from '../../adapters/kubernetes/failures.ts';
import { checkPolicy } from '../../adapters/project-policy.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { SpaceRef } from '../../contracts/instance-ref.ts';
import type { LostPods } from '../../contracts/lost-pods.ts';
import type { TenantDeps } from '../dependencies.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { pollUntil } from '../poll.ts';
import { notEnded } from '../../domain/lifecycle/lost-pods.ts';
import { type EndingPod, nameLostPods } from '../instances/lost-pods.ts';
import { readInstance } from '../instances/instance-access.ts';
import { changeWorkloads, resumeWorkload, stopWorkload } from './space-workloads.ts';

/** Its name is what the API server says to who makes a pod in a space that sleeps. */
const quotaName = 'vcluster-platform.space-sleeps';
const podsDeadlineMs = 15 * 60_000;
/** Pods of these go with their controllers, which are scaled to zero or suspended. */
const stoppedControllers = new Set(['ReplicaSet', 'StatefulSet', 'ReplicationController', 'Job']);

/**
 * Sleep and wake of a space: a ResourceQuota that lets no new pods in, then the workloads, then the pods that are left.
 * All are idempotent by space, may be begun again half-way, and throw what HostNamespaces.prove throws, and `forbidden`.
 */
export function createSpaceSleepActivities({
  hosts,
  resources,
  management,
}: Pick<TenantDeps, 'hosts' | 'resources' | 'management'>) {
  return {
    /** Lets no new pods in. */
    async closeSpace({ space }: { space: SpaceRef }): Promise<void> {
      const { client, name: namespace } = await hosts.prove(space);
      const body = { metadata: { name: quotaName }, spec: { hard: { pods: '0' } } };
      const creation = client.core.createNamespacedResourceQuota({ namespace, body });
      await callKubernetes(`blocking new pods in space ${space.name}`, unlessConflict(creation));
    },

    /**
     * Lets new pods in again.
     * @param input `wakes`: somebody wants it awake (it is not the undo of a sleep), so the project is asked again
     * @throws PlatformError `forbidden` also if the project does not allow its cluster any more, `space_not_found`
     */
    async openSpace({ space, wakes }: { space: SpaceRef; wakes?: boolean }): Promise<void> {
      if (wakes === true) {
        const found = await readInstance<'space'>(resources, space);
        await checkPolicy(resources, 'space', { project: space.project, instance: found, asMade: true });
      }
      const { client, name: namespace } = await hosts.prove(space);
      await callKubernetes(
        `allowing new pods in space ${space.name}`,
        orUndefined(client.core.deleteNamespacedResourceQuota({ namespace, name: quotaName })),
      );
    },

    /** Scales every workload to zero and suspends jobs; what they had is remembered in an annotation of each. */
    async stopSpaceWorkloads({ space }: { space: SpaceRef }): Promise<void> {
      const host = await hosts.prove(space);
      await withHeartbeat(() => changeWorkloads(host, stopWorkload));
    },

    /** Gives workloads and jobs back what they had. */
    async resumeSpaceWorkloads({ space }: { space: SpaceRef }): Promise<void> {
      const host = await hosts.prove(space);
      await withHeartbeat(() => changeWorkloads(host, resumeWorkload));
    },

    /**
     * Deletes the running pods that no controller of ours takes along: bare ones, which are named before that, and those of
     * DaemonSets.
     */
    async deleteSpacePods({ space }: { space: SpaceRef }): Promise<LostPods | undefined> {
      const host = await hosts.prove(space);
      return withHeartbeat(async () => {
        const pods = (await runningPods(host)).filter(isLeft);
        const lost = await nameLostPods({ management }, space, pods.map(ownershipOf));
        for (const pod of pods) await deletePod(host, pod);
        return lost;
      });
    },

    /** Waits until no pod runs any more, with heartbeats. No effects. */
    async waitForSpacePodsEnded({ space }: { space: SpaceRef }): Promise<void> {
      const host = await hosts.prove(space);
      const onDeadline = (last: string) => new PlatformError('conflict', `the pods did not end: ${last}`);
      await pollUntil({ intervalMs: 200, deadlineMs: podsDeadlineMs, onDeadline }, async () => {
        // A few: a space may hold thousands, and it is looked often.
        const names = (await runningPods(host, 6)).map(({ metadata }) => metadata?.name ?? '');
        if (names.length === 0) return {};
        return names.length > 5 ? `${names.slice(0, 5).join(', ')} and more` : names.join(', ');
      });
    },
  };
}

/** Whether the space lets no new pods in. @throws PlatformError `cluster_unreachable`, `forbidden` */
export async function isSpaceClosed({ client, name: namespace }: SpaceHost): Promise<boolean> {
  return callKubernetes(`checking whether namespace ${namespace} blocks new pods`, async () => {
    const quota = { namespace, name: quotaName };
    return (await orUndefined(client.core.readNamespacedResourceQuota(quota))) !== undefined;
  });
}

/** Pods that have not ended: what has ended stays to be looked at. */
async function runningPods({ client, name: namespace }: SpaceHost, limit?: number): Promise<V1Pod[]> {
  return callKubernetes(`reading the pods of namespace ${namespace}`, async () => {
    const page = limit === undefined ? {} : { limit };
    return (await client.core.listNamespacedPod({ namespace, fieldSelector: notEnded, ...page })).items;
  });
}

/** One that is gone, or another of its name, is left alone. */
async function deletePod({ client, name: namespace }: SpaceHost, { metadata }: V1Pod): Promise<void> {
  const { name = '', uid } = metadata ?? {};
  const body = uid === undefined ? {} : { preconditions: { uid } };
  const deletion = orUndefined(client.core.deleteNamespacedPod({ namespace, name, body }));
  await callKubernetes(`deleting pod ${name}`, unlessConflict(deletion));
}

function ownershipOf({ metadata }: V1Pod): EndingPod {
  const { namespace = '', name = '', uid = '', ownerReferences } = metadata ?? {};
  return { namespace, name, uid, ownerReferences };
}

function isLeft({ metadata }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  const controller = metadata?.ownerReferences?.find((owner) => owner.controller === true);
  return controller === undefined || !stoppedControllers.has(controller.kind);
}
