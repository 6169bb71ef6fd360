import { callManagement } from '../../adapters/kubernetes/failures.ts';
import type { ManagementResources, Stored } from '../../adapters/kubernetes/resources.ts';
import type { ClusterRef } from '../../contracts/cluster-ref.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { annotations } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { TenantDeps } from '../dependencies.ts';
import { pollUntil } from '../poll.ts';

const lookMs = 500;
/** The controllers count its tenants again before it may be deleted. */
const deadlineMs = 2 * 60_000;

/** The resource of a connected cluster. @throws PlatformError `cluster_not_found`, `management_unavailable` */
export async function readCluster(
  resources: ManagementResources,
  { name, uid }: ClusterRef,
): Promise<Stored<Cluster>> {
  const cluster = await callManagement(`reading cluster ${name}`, resources.clusters.get({ name }));
  if (cluster?.metadata.uid === uid) return cluster;
  throw new PlatformError('cluster_not_found', `connected cluster "${name}" not found`);
}

/** What operations of a connected cluster do to its resource. All are idempotent by cluster, and throw `management_unavailable`. */
export function createClusterResourceActivities({ resources }: Pick<TenantDeps, 'resources'>) {
  return {
    /**
     * Keeps new tenant clusters and spaces from being placed there, for as long as operation `operationId` says.
     * @throws PlatformError `cluster_not_found`
     */
    async closeCluster({ cluster, operationId }: ClusterOperation): Promise<void> {
      const { metadata } = await readCluster(resources, cluster);
      if (metadata.annotations?.[annotations.disconnecting] === operationId) return;
      await mark(cluster, operationId);
    },

    /** Ends what `closeCluster` began; of another operation it stays. */
    async openCluster({ cluster, operationId }: ClusterOperation): Promise<void> {
      const { name } = cluster;
      const found = await callManagement(`reading cluster ${name}`, resources.clusters.get({ name }));
      if (found?.metadata.uid !== cluster.uid) return;
      if (found.metadata.annotations?.[annotations.disconnecting] === operationId) await mark(cluster, null);
    },

    /**
     * Deletes the resource and waits until it is gone; its credentials, records and join keys go with it. Heartbeats. Tries again
     * while the controllers still count its tenants.
     * @throws PlatformError `conflict` if it is still there after two minutes
     */
    async deleteCluster({ cluster }: { cluster: ClusterRef }): Promise<void> {
      const { name, uid } = cluster;
      const onDeadline = (last: string) =>
        new PlatformError('conflict', `connected cluster "${name}" was not deleted: ${last}`);
      await pollUntil({ intervalMs: lookMs, deadlineMs, onDeadline }, async () => {
        const found = await callManagement(`reading cluster ${name}`, resources.clusters.get({ name }));
        if (found?.metadata.uid !== uid) return {};
        try {
          await callManagement(`deleting cluster ${name}`, resources.clusters.delete({ name }, uid));
        } catch (error) {
          if (error instanceof PlatformError && refusals.has(error.code)) return error.message;
          throw error;
        }
        return `it is still there (finalizers: ${found.metadata.finalizers?.join(', ') || 'none'})`;
      });
    },
  };

  async function mark({ name, uid }: ClusterRef, operationId: string | null): Promise<void> {
    const metadata = { uid, annotations: { [annotations.disconnecting]: operationId } };
    await callManagement(`writing cluster ${name}`, () => resources.clusters.patch({ name }, { metadata }));
  }
}

/** By which admission refuses a delete, or another has just taken its place. */
const refusals: ReadonlySet<string> = new Set(['admission_refused', 'forbidden', 'conflict']);

interface ClusterOperation {
  readonly cluster: ClusterRef;
  readonly operationId: string;
}
