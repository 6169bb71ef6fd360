import type { OperationInput } from '../contracts/workflows.ts';
import { deleteNamespace, stepsWhileConnected } from './steps/place.ts';
import { runOperation, type Success } from './steps/run-operation.ts';

/**
 * Removes a tenant cluster: release, namespace, volumes, then the finalizer. Id `operation/<id>`; signal `turn`,
 * query `progress`. It can be cancelled only while it waits for its turn; from then on every failure is tried
 * again until it succeeds. Snapshots stay.
 */
export async function deleteTenantCluster(input: OperationInput): Promise<void> {
  await runOperation('tenant', input, {
    async run(run) {
      const { tenant } = await run.step('inspect', (activities) =>
        activities.findTenantRemains({ tenant: run.target, ...(run.placed ? { placed: run.placed } : {}) }),
      );
      let success: Success = {};
      if (tenant) {
        success = await stepsWhileConnected(run, {
          uninstall: (activities) => activities.uninstallRelease({ tenant }),
          namespace: (activities) => deleteNamespace('tenant', activities, tenant),
        });
      } else {
        for (const key of ['uninstall', 'namespace']) run.skip(key, 'It was never placed in a cluster');
      }
      await run.step('finish', (activities) => activities.releaseInstance({ tenant: run.target }));
      return success;
    },
  });
}
