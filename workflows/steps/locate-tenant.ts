import type { TenantRef } from '../../contracts/instance-ref.ts';
import { activitiesWith } from '../proxies.ts';
import { type OperationRun, tagCluster } from './operation-run.ts';

/**
 * Where the tenant cluster runs: from our own database, which costs nothing, else from the resource.
 * Fails with `conflict` if it was never deployed.
 */
export async function locateTenant(run: OperationRun): Promise<TenantRef> {
  if (run.placed) return run.placed;
  const found = await activitiesWith({ summary: 'Find where it runs' }).inspectTenant({ tenant: run.tenant });
  tagCluster(found.tenant.cluster);
  return found.tenant;
}
