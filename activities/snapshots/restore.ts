import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { tenantChartOf } from '../../adapters/helm/template-of-tenant.ts';
import { createJob, deleteJob, type JobRef, waitForJob } from '../../adapters/snapshots/jobs.ts';
import { getProjectKey } from '../../adapters/snapshots/project-key.ts';
import {
  forgetKeys,
  keepKeys,
  openServiceAccountKeys,
  useKeys,
} from '../../adapters/snapshots/service-account-keys.ts';
import { checkedSnapshotPath, snapshotPath } from '../../adapters/snapshots/snapshot-files.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import type { FoundSnapshot } from './snapshot-catalogue.ts';
import { defaultToolsImage, type SnapshotDeps } from './snapshot.ts';

const phases = ['prepare', 'swap', 'rollback', 'commit'] as const;

export interface RestoreJob {
  readonly tenant: TenantRef;
  readonly operationId: string;
  readonly snapshot: FoundSnapshot;
  /**
   * `prepare` makes a data folder of the snapshot beside the present one, `swap` exchanges them while etcd stands,
   * `rollback` puts things back as they were, `commit` removes the former folder.
   */
  readonly phase: (typeof phases)[number];
}

/** Brings a tenant cluster's data back to a snapshot, by Jobs beside them. */
export function createRestoreActivities(deps: SnapshotDeps) {
  const refOf = (host: TenantHost, { operationId, phase }: RestoreJob): JobRef => ({
    host,
    operationId,
    command: phase,
  });

  const keyOf = ({ project, projectUid }: FoundSnapshot): Promise<string> =>
    getProjectKey(deps.management, { project, uid: projectUid });

  async function removeOtherPhases(
    host: TenantHost,
    job: RestoreJob,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const others = phases.filter((phase) => phase !== job.phase);
    await Promise.all(others.map((phase) => deleteJob(refOf(host, { ...job, phase }), signal)));
  }

  return {
    /**
     * Starts the Job of one phase. Jobs of other phases of the operation are removed first (a cancelled one may
     * still run). Idempotent by `operationId` and phase.
     * @throws PlatformError `tenant_cluster_not_found`, `invalid_request`, `management_unavailable`, and what
     *   HostNamespaces.prove throws
     */
    applyRestoreJob: (job: RestoreJob): Promise<void> =>
      withHeartbeat(async (signal) => {
        const { tenant, operationId, snapshot, phase } = job;
        const host = await deps.hosts.prove(tenant);
        await removeOtherPhases(host, job, signal);
        const chart = await tenantChartOf(deps.resources, tenant);
        const keysSecret = chart.keysSecret(tenant.name);
        const request = {
          ...refOf(host, job),
          workload: await chart.readWorkload(host),
          keysSecret,
          toolsImage: deps.toolsImage ?? defaultToolsImage,
          snapshotsDir: deps.snapshotsDir,
        };
        if (phase !== 'prepare') {
          // Before the data: a control plane must never start on restored data with keys that do not fit.
          if (phase === 'swap') await useKeys(host, operationId, keysSecret, 'restored');
          if (phase === 'rollback') await useKeys(host, operationId, keysSecret, 'former');
          return createJob(request);
        }
        await forgetKeys(host, operationId);
        const file =
          snapshot.file === undefined
            ? snapshotPath({ ...snapshot, snapshot: snapshot.name })
            : checkedSnapshotPath(snapshot.file);
        const key = await keyOf(snapshot);
        return createJob({ ...request, file, settings: { SHA256: snapshot.sha256 } }, { key });
      }),

    /**
     * Settles once the phase is done; after `prepare` the service-account keys of the snapshot are kept for the
     * swap, after `rollback` and `commit` they are forgotten. Idempotent; heartbeats.
     * @throws PlatformError `snapshot_not_found`, `snapshot_damaged`, `operation_failed`, `cluster_unreachable`,
     *   `management_unavailable`
     */
    waitForRestoreJob: (job: RestoreJob): Promise<void> =>
      withHeartbeat(async (signal) => {
        const { tenant, operationId, phase } = job;
        const host = await deps.hosts.prove(tenant);
        const result = await waitForJob(refOf(host, job), signal);
        if (phase === 'prepare') {
          const key = await keyOf(job.snapshot);
          const keys = openServiceAccountKeys(key, String(result['serviceAccountKeys']));
          const chart = await tenantChartOf(deps.resources, tenant);
          await keepKeys(host, operationId, chart.keysSecret(tenant.name), keys);
        } else if (phase !== 'swap') await forgetKeys(host);
      }),

    /** Removes the phase's Job and waits until it is gone. Idempotent. @throws PlatformError `cluster_unreachable` */
    deleteRestoreJob: (job: RestoreJob): Promise<void> =>
      withHeartbeat(async (signal) => {
        const host = await deps.hosts.find(job.tenant);
        if (host !== undefined) await deleteJob(refOf(host, job), signal);
      }),
  };
}
