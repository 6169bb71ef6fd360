import { readReleaseSecret } from '../../adapters/helm/releases.ts';
import { tenantChartOf } from '../../adapters/helm/template-of-tenant.ts';
import type { HostNamespaces, TenantHost } from '../../adapters/host-namespaces.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { createJob, deleteJob, type JobRef, waitForJob } from '../../adapters/snapshots/jobs.ts';
import { getProjectKey } from '../../adapters/snapshots/project-key.ts';
import {
  checkedSnapshotPath,
  deleteSnapshotFile,
  snapshotPath,
} from '../../adapters/snapshots/snapshot-files.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

export interface SnapshotDeps {
  readonly management: ClusterClient;
  readonly hosts: HostNamespaces;
  readonly snapshotsDir: string;
  readonly resources: ManagementResources;
  /** Image of the snapshot program for charts that have none; default {@link defaultToolsImage}. */
  readonly toolsImage?: string | undefined;
}

/** As the values of chart `tenant-control-plane` name it. */
export const defaultToolsImage = 'vcluster-platform/tenant-tools:0.1.0';

export interface SnapshotJob {
  readonly tenant: TenantRef;
  readonly operationId: string;
  /** Name of the snapshot. */
  readonly snapshot: string;
  /** Path of its file, and whose key seals it; left out by operations of earlier versions. */
  readonly file?: string;
  readonly projectUid?: string;
  readonly asleep: boolean;
}

export interface SnapshotResult {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly revision: number;
  readonly totalKeys: number;
}

/** Saves a tenant cluster's data by a Job beside them; the data never pass through the platform. */
export function createSnapshotActivities(deps: SnapshotDeps) {
  const refOf = (host: TenantHost, { operationId }: SnapshotJob): JobRef => ({
    host,
    operationId,
    command: 'save',
  });

  return {
    /**
     * Starts the Job that saves the snapshot: of the running store, or of a sleeping tenant's data.
     * Idempotent by `operationId`.
     * @throws PlatformError `tenant_cluster_not_found`, `invalid_request`, `management_unavailable`, and what
     *   HostNamespaces.prove throws
     */
    applySnapshotJob: async (job: SnapshotJob): Promise<void> => {
      const { tenant, snapshot } = job;
      const host = await deps.hosts.prove(tenant);
      const tenantChart = await tenantChartOf(deps.resources, tenant);
      const [workload, release, key] = await Promise.all([
        tenantChart.readWorkload(host),
        readReleaseSecret(host.client, { release: tenant.name, namespace: host.name }),
        getProjectKey(deps.management, { project: tenant.project, uid: job.projectUid }),
      ]);
      if (!job.asleep && workload.podIP === undefined) {
        throw new PlatformError(
          'cluster_unreachable',
          `the control plane of ${tenant.name} is not running yet`,
        );
      }
      const names = { project: tenant.project, tenantCluster: tenant.name, snapshot };
      const chart = { ...release.chart, manifest: release.manifest };
      const metadata = JSON.stringify({
        ...names,
        uid: tenant.uid,
        kubernetesVersion: workload.kubernetesVersion,
        chart,
      });
      const request = {
        ...refOf(host, job),
        workload,
        keysSecret: tenantChart.keysSecret(tenant.name),
        toolsImage: deps.toolsImage ?? defaultToolsImage,
        snapshotsDir: deps.snapshotsDir,
        file: job.file === undefined ? snapshotPath(names) : checkedSnapshotPath(job.file),
        ...(job.asleep ? {} : { settings: { ETCD_HOST: workload.podIP ?? '' } }),
      };
      await createJob(request, { key, 'metadata.json': Buffer.from(metadata).toString('base64') });
    },

    /**
     * What was saved, once it is. No effects; heartbeats.
     * @throws PlatformError `operation_failed` with the reason, `cluster_unreachable`
     */
    waitForSnapshotJob: (job: SnapshotJob): Promise<SnapshotResult> =>
      withHeartbeat(async (signal) => {
        const host = await deps.hosts.prove(job.tenant);
        const { sizeBytes, sha256, revision, totalKeys } = await waitForJob(refOf(host, job), signal);
        return {
          sizeBytes: Number(sizeBytes),
          sha256: String(sha256),
          revision: Number(revision),
          totalKeys: Number(totalKeys),
        };
      }),

    /** Removes the Job and waits until it is gone. Idempotent. @throws PlatformError `cluster_unreachable` */
    deleteSnapshotJob: (job: SnapshotJob): Promise<void> =>
      withHeartbeat(async (signal) => {
        const host = await deps.hosts.find(job.tenant);
        if (host !== undefined) await deleteJob(refOf(host, job), signal);
      }),

    /** Removes the file of a snapshot. Idempotent. @throws PlatformError `invalid_request` */
    deleteSnapshotFile: async (name: {
      project: string;
      tenantCluster: string;
      snapshot: string;
      file?: string;
    }): Promise<void> => deleteSnapshotFile(deps.snapshotsDir, name.file ?? snapshotPath(name)),
  };
}
