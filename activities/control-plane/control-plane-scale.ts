import { checkPolicy } from '../../adapters/project-policy.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { LostPods } from '../../contracts/lost-pods.ts';
import type { TenantDeps } from '../dependencies.ts';
import { readInstance } from '../instances/instance-access.ts';
import { nameLostPods } from '../instances/lost-pods.ts';
import { pollUntil } from '../poll.ts';
import { listControlPlanePods } from './control-plane-objects.ts';
import { replaceStuckPods } from './stuck-pods.ts';
import {
  deleteSyncedPods,
  findSyncedPod,
  listSyncedPods,
  listWorkloads,
  scaleControlPlane,
} from './workloads.ts';

const minute = 60_000;
const lookAtPodsMs = 1_000;

/**
 * Sleep and wake by scaling. All are idempotent by tenant and throw `cluster_unreachable`, `conflict` or `not_found` if
 * the host namespace is not the tenant's.
 */
export function createControlPlaneScaleActivities({
  hosts,
  resources,
  management,
}: Pick<TenantDeps, 'hosts' | 'resources' | 'management'>) {
  return {
    /**
     * Scales the control plane back to what it was. Idempotent.
     * @param input `wakes`: somebody wants it awake (it is not the undo of a sleep), so the project is asked again;
     *   `begin`: see {@link scaleControlPlane}
     * @throws PlatformError `control_plane_missing`, `forbidden` if the project does not allow it any more
     */
    async startControlPlane({
      tenant,
      wakes,
      begin,
    }: {
      tenant: TenantRef;
      wakes?: boolean;
      begin?: 'empty';
    }): Promise<void> {
      if (wakes === true)
        await checkPolicy(resources, 'tenant', {
          project: tenant.project,
          instance: await readInstance(resources, tenant),
          asMade: true,
        });
      await scaleControlPlane(await hosts.prove(tenant), true, begin);
    },

    /**
     * Scales the control plane to zero; volumes stay. Idempotent. Names before that the pods that are lost with it
     * (`waitForControlPlaneStopped` deletes them). @throws PlatformError `control_plane_missing`, `conflict`
     */
    async stopControlPlane({ tenant }: { tenant: TenantRef }): Promise<LostPods | undefined> {
      const host = await hosts.prove(tenant);
      const lost = await nameLostPods({ management }, tenant, await listSyncedPods(host));
      await scaleControlPlane(host, false);
      return lost;
    },

    /**
     * Waits until the control plane's pods are gone, then stops the pods that it ran for its tenant in the host
     * namespace and waits for these; with heartbeats. At the next start the tenant's own controllers make them again;
     * a pod without one is gone, as when its node is drained.
     */
    async waitForControlPlaneStopped({ tenant }: { tenant: TenantRef }): Promise<void> {
      const host = await hosts.prove(tenant);
      const onDeadline = (last: string) =>
        new PlatformError('internal', `the control plane did not stop: ${last}`);
      await pollUntil({ intervalMs: 50, deadlineMs: 5 * minute, onDeadline }, async () => {
        const { length } = await listControlPlanePods(host);
        if (length > 0) return `${length} pods remain`;
        const synced = await findSyncedPod(host);
        if (synced === 'undeleted') await deleteSyncedPods(host);
        return synced === 'none' ? {} : 'pods of the tenant remain';
      });
    },

    /**
     * Waits until the newest revision of the control plane runs on all its replicas, with heartbeats. No effects but on pods of
     * earlier revisions that never became ready, which would stay.
     */
    async waitForRollout({ tenant }: { tenant: TenantRef }): Promise<void> {
      const host = await hosts.prove(tenant);
      const onDeadline = (last: string) =>
        new PlatformError('control_plane_not_ready', `the new revision does not become ready: ${last}`);
      let lookedAt = performance.now();
      await pollUntil({ intervalMs: 50, deadlineMs: 3 * minute, onDeadline }, async () => {
        const behind = (await listWorkloads(host)).find(
          ({ generation, replicas, status }) =>
            status.observedGeneration < generation || status.updated < replicas || status.total > replicas,
        );
        if (behind !== undefined && performance.now() - lookedAt > lookAtPodsMs) {
          lookedAt = performance.now();
          await replaceStuckPods(host);
        }
        return behind ? `${behind.name} has ${behind.status.updated} of ${behind.replicas} replicas` : {};
      });
    },
  };
}
