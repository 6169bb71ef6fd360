import type { OperationInput } from '../contracts/workflows.ts';
import { deleteNamespace } from './steps/place.ts';
import { runOperation } from './steps/run-operation.ts';

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
      if (tenant) {
        await run.step('uninstall', (activities) => activities.uninstallRelease({ tenant }));
        await run.step('namespace', async (activities) => {
          await deleteNamespace('tenant', activities, tenant);
        });
      } else {
        for (const key of ['uninstall', 'namespace']) run.skip(key, 'It was never placed in a cluster');
      }
      await run.step('finish', (activities) => activities.releaseInstance({ tenant: run.target }));
      return {};
    },
  });
}
