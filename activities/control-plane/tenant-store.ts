import { tenantChartOf } from '../../adapters/helm/template-of-tenant.ts';
import { createJob, deleteJob, waitForJob } from '../../adapters/snapshots/jobs.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { defaultToolsImage, type SnapshotDeps } from '../snapshots/snapshot.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

export function createTenantStoreActivities(deps: SnapshotDeps) {
  return {
    /**
     * Frees the space in the store of a running control plane and clears its alarms, by a Job beside it. Idempotent by
     * `operationId`; heartbeats. Nothing happens to stores that look after themselves.
     * @throws PlatformError `operation_failed` with the reason, `invalid_request` for a store that we do not know,
     *   `cluster_unreachable`, and what HostNamespaces.prove throws
     */
    maintainStore: ({ tenant, operationId }: { tenant: TenantRef; operationId: string }): Promise<void> =>
      withHeartbeat(async (signal) => {
        const host = await deps.hosts.prove(tenant);
        const chart = await tenantChartOf(deps.resources, tenant);
        const workload = await chart.readWorkload(host);
        if (workload.store !== 'etcd') return;
        if (workload.podIP === undefined)
          throw new PlatformError(
            'cluster_unreachable',
            `the control plane of ${tenant.name} is not running yet`,
          );
        const job = { host, operationId, command: 'maintain' } as const;
        await createJob({
          ...job,
          workload,
          keysSecret: chart.keysSecret(tenant.name),
          toolsImage: deps.toolsImage ?? defaultToolsImage,
          snapshotsDir: deps.snapshotsDir,
          settings: { ETCD_HOST: workload.podIP },
        });
        try {
          await waitForJob(job, signal);
        } finally {
          await deleteJob(job, signal);
        }
      }),
  };
}
