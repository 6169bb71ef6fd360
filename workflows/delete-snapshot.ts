import type { SnapshotDeletion } from '../contracts/workflows.ts';
import { activitiesWith } from './proxies.ts';

/**
 * Removes a snapshot's file, then its entry in the catalogue. Id `snapshot/<operation that made it>/delete`; no
 * messages; tried until it succeeds, nothing to undo. Those that began before snapshots had uids name it by
 * `snapshot/<project>/<tenant cluster>/<name>/delete` and give neither operation nor file.
 */
export async function deleteSnapshot(input: SnapshotDeletion): Promise<void> {
  const { project, tenantCluster, name, operationId, file } = input;
  await activitiesWith({ summary: 'Deleting the file', retries: 'unbounded' }).deleteSnapshotFile({
    project,
    tenantCluster,
    snapshot: name,
    ...(file === undefined ? {} : { file }),
  });
  await activitiesWith({ summary: 'Deleting the record', retries: 'unbounded' }).forgetSnapshot({
    project,
    tenantCluster,
    name,
    ...(operationId === undefined ? {} : { operationId }),
  });
}
