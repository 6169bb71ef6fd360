import type { OperationInput } from '../contracts/workflows.ts';
import { deleteHostNamespace } from './steps/delete-namespace.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Removes a tenant cluster: release, namespace, volumes, then the finalizer. Id `operation/<id>`; signal `turn`,
 * query `progress`. It can be cancelled only while it waits for its turn; from then on every failure is tried
 * again until it succeeds. Snapshots stay.
 */
export async function deleteTenantCluster(input: OperationInput): Promise<void> {
  await runOperation(input, {
    finishesForward: true,
    async run(run) {
      const { tenant } = await run.step('inspect', (activities) =>
        activities.findTenantRemains({ tenant: run.tenant, ...(run.placed ? { placed: run.placed } : {}) }),
      );
      if (tenant) {
        await run.step('uninstall', (activities) => activities.uninstallRelease({ tenant }));
        await run.step('namespace', async (activities) => {
          await deleteHostNamespace(activities, tenant);
        });
      } else {
        for (const key of ['uninstall', 'namespace']) run.skip(key, 'It was never placed in a cluster');
      }
      await run.step('finish', (activities) => activities.releaseInstance({ tenant: run.tenant }));
      return {};
    },
  });
}
