import { instanceResources } from '../../adapters/kubernetes/resources.ts';
import { kindOf } from '../../contracts/kinds.ts';
import type { SleepPolicyInput } from '../../contracts/workflows.ts';
import {
  annotationsOf,
  annotationsOfRetry,
  missedTransition,
  outlookOf,
} from '../../domain/sleep/due-change.ts';
import type { TenantDeps } from '../dependencies.ts';
import { changeInstance, objectName } from './instance-access.ts';

export function createSleepPolicyActivities({ resources }: Pick<TenantDeps, 'resources'>) {
  return {
    /**
     * Patches the sleep annotations if the policy of a tenant cluster or space wants another state now than they say, or asks
     * again if they say it and it failed; the change then starts the sleep or wake. Holds for the version that it read. Idempotent
     * (by the instance). @throws PlatformError `management_unavailable`, `conflict` if others write it all the time
     */
    async evaluateSleepPolicy({ tenant }: { tenant: SleepPolicyInput }): Promise<void> {
      const kind = kindOf(tenant);
      // Another of the same name has a schedule of its own.
      await changeInstance(resources, tenant, async (instance) => {
        if (instance === undefined) return;
        const now = new Date();
        const { change } = outlookOf(kind, instance, now);
        const missed = change === undefined ? missedTransition(kind, instance, now) : undefined;
        const annotations = change ? annotationsOf(change) : missed && annotationsOfRetry(missed);
        if (annotations === undefined) return;
        const metadata = { resourceVersion: instance.metadata.resourceVersion, annotations };
        await instanceResources(resources, kind).patch(objectName(tenant), { metadata });
      });
    },
  };
}
