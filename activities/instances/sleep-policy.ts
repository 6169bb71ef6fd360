import { callManagement } from '../../adapters/kubernetes/failures.ts';
import { instanceResources } from '../../adapters/kubernetes/resources.ts';
import { kindOf, type ManagedKind } from '../../contracts/kinds.ts';
import { annotations } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { SleepPolicyInput } from '../../contracts/workflows.ts';
import { isNamespaceLost } from '../../domain/lifecycle/desired-state.ts';
import { missedTransition, sleepPolicyAction } from '../../domain/sleep/sleep-policy.ts';
import type { TenantDeps } from '../dependencies.ts';
import { objectName } from './instance-access.ts';

export function createSleepPolicyActivities({ resources }: Pick<TenantDeps, 'resources'>) {
  return {
    /**
     * Patches the sleep annotations if the schedule of a tenant cluster or space wants another state than they say, or asks
     * again if they say it and it failed; the change then starts the sleep or wake. Idempotent. @throws PlatformError `management_unavailable`
     */
    async evaluateSleepPolicy({ tenant }: { tenant: SleepPolicyInput }): Promise<void> {
      const client = instanceResources(resources, kindOf(tenant));
      const object = objectName(tenant);
      const instance = await callManagement(`reading ${tenant.name}`, client.get(object));
      // Another of the same name has a schedule of its own.
      if (instance?.metadata.uid !== tenant.uid || instance.metadata.deletionTimestamp !== undefined) return;
      const now = new Date();
      const change = changeFor(kindOf(tenant), instance, now);
      if (change === undefined) return;
      await callManagement(
        `patching the sleep annotations of ${tenant.name}`,
        client.patch(object, { metadata: { annotations: change } }),
      );
    },
  };
}

/** The annotations that change; undefined: none. A sleep or wake that failed is asked for again at its time. */
function changeFor(
  kind: ManagedKind,
  instance: ManagedInstance,
  now: Date,
): Record<string, string | null> | undefined {
  const changedBy = { [annotations.changedBy]: 'schedule' };
  switch (sleepPolicyAction(instance, now)) {
    case 'sleep':
      return {
        ...changedBy,
        [annotations.sleepForce]: 'true',
        [annotations.sleepType]: 'scheduledSleep',
      };
    case 'wake':
      return {
        ...changedBy,
        [annotations.sleepForce]: null,
        [annotations.sleepForceDuration]: null,
        [annotations.sleepType]: null,
        [annotations.lastActivity]: String(Math.floor(now.getTime() / 1000)),
      };
    case undefined: {
      // The annotation would ask to make it again, empty.
      if (isNamespaceLost(instance)) return undefined;
      const missed = missedTransition(kind, instance, now);
      return missed && { ...changedBy, [annotations.retry]: missed.at.toISOString() };
    }
  }
}
