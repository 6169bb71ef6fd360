import { annotations } from '../contracts/names.ts';
import type { UnplacedTenant } from '../contracts/tenant-ref.ts';
import { sleepPolicyAction } from '../domain/sleep-policy.ts';
import type { TenantDeps } from './dependencies.ts';
import { findInstance, managementCall, objectName } from './instance-access.ts';

export function createSleepPolicyActivities({ resources }: Pick<TenantDeps, 'resources'>) {
  return {
    /**
     * Patches the sleep annotations if the instance's schedule wants another state than they say; the change
     * then starts the sleep or wake. Idempotent. @throws PlatformError `management_unavailable`
     */
    async evaluateSleepPolicy({ tenant }: { tenant: UnplacedTenant }): Promise<void> {
      const instance = await findInstance(resources, tenant);
      if (!instance || instance.metadata.deletionTimestamp !== undefined) return;
      const now = new Date();
      const action = sleepPolicyAction(instance, now);
      if (action === undefined) return;
      const change =
        action === 'sleep'
          ? {
              [annotations.sleepForce]: 'true',
              [annotations.sleepType]: 'scheduledSleep',
              [annotations.changedBy]: 'schedule',
            }
          : {
              [annotations.sleepForce]: null,
              [annotations.sleepForceDuration]: null,
              [annotations.sleepType]: null,
              [annotations.changedBy]: 'schedule',
              [annotations.lastActivity]: String(Math.floor(now.getTime() / 1000)),
            };
      await managementCall(
        `patching the sleep annotations of ${tenant.name}`,
        resources.virtualclusterinstances.patch(objectName(tenant), { metadata: { annotations: change } }),
      );
    },
  };
}
