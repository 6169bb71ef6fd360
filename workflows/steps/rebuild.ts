import { patched } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { MissingPart } from '../../activities/control-plane/inspect-tenant.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { OperationRun } from './operation-run.ts';
import { deleteNamespace } from './place.ts';

/**
 * Step `rebuild`: makes the namespace of a tenant cluster again, with new keys, if somebody deleted it or the control plane
 * in it; one that belongs to something else by now fails with `conflict`. A namespace that was made is deleted by the undo;
 * of one that was there nothing is, since it may hold the data.
 * @param more what else is to be there before the next step
 */
export async function rebuild(
  run: OperationRun<'tenant'>,
  tenant: TenantRef,
  missing: MissingPart | undefined,
  more: (activities: Activities) => Promise<unknown> = async () => undefined,
): Promise<void> {
  if (missing === undefined || !patched('rebuild')) {
    run.skip('rebuild', 'Nothing is missing');
    return;
  }
  await run.step(
    'rebuild',
    async (activities) => {
      await activities.applyHostNamespace({ tenant });
      await activities.applyTenantKeys({ tenant });
      await activities.applyGatewayCredential({ tenant });
      await more(activities);
    },
    missing === 'namespace' ? (activities) => deleteNamespace('tenant', activities, tenant) : undefined,
  );
}
