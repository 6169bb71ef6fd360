import { callManagement } from '../../adapters/kubernetes/failures.ts';
import { instanceResources } from '../../adapters/kubernetes/resources.ts';
import { kindOf } from '../../contracts/kinds.ts';
import { annotations } from '../../contracts/names.ts';
import type { SleepPolicyInput } from '../../contracts/workflows.ts';
import { sleepPolicyAction } from '../../domain/sleep-policy.ts';
import type { TenantDeps } from '../dependencies.ts';
import { objectName } from './instance-access.ts';

export function createSleepPolicyActivities({ resources }: Pick<TenantDeps, 'resources'>) {
  return {
    /**
     * Patches the sleep annotations if the schedule of a tenant cluster or space wants another state than they say; the change
     * then starts the sleep or wake. Idempotent. @throws PlatformError `management_unavailable`
     */
    async evaluateSleepPolicy({ tenant }: { tenant: SleepPolicyInput }): Promise<void> {
      const client = instanceResources(resources, kindOf(tenant));
      const object = objectName(tenant);
      const instance = await callManagement(`reading ${tenant.name}`, client.get(object));
      // Another of the same name has a schedule of its own.
      if (instance?.metadata.uid !== tenant.uid || instance.metadata.deletionTimestamp !== undefined) return;
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
      await callManagement(
        `patching the sleep annotations of ${tenant.name}`,
        client.patch(object, { metadata: { annotations: change } }),
      );
    },
  };
}
