import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { callManagement } from '../../adapters/kubernetes/failures.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { forgetProjectKey, listKeyedProjects } from '../../adapters/snapshots/project-key.ts';
import { listGoneSnapshots, listKeptProjects, markGoneSnapshots } from '../../db/queries/snapshots.ts';
import { deleteSnapshot } from '../../operations/delete-snapshot.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

export interface SnapshotRetentionDeps {
  readonly management: ClusterClient;
  readonly resources: ManagementResources;
  readonly operations: OperationsDeps;
  /** Days that snapshots stay once their tenant cluster is gone; default {@link defaultRetentionDays}, 0: for ever. */
  readonly goneSnapshotDays?: number | undefined;
}

const defaultRetentionDays = 30;
const dayMs = 86_400_000;
/** Deletions that one run begins at most; the next goes on. */
const atOnce = 100;

/** The snapshots of what is gone, and what they are sealed with. */
export function createSnapshotRetentionActivities(deps: SnapshotRetentionDeps) {
  const { management, resources, operations, goneSnapshotDays = defaultRetentionDays } = deps;
  const { database } = operations;
  return {
    /**
     * Marks the snapshots whose tenant cluster is gone, has those deleted that have been for long enough, and removes the
     * keys of projects that are gone with their last snapshot. Idempotent; heartbeats.
     * @throws PlatformError `management_unavailable`, `database_unavailable`, `temporal_unavailable`
     */
    expireSnapshots: (): Promise<{ deleting: number; keys: number }> =>
      withHeartbeat(async () => {
        const startedAt = Date.now();
        const instances = await callManagement(
          'reading tenant clusters',
          resources.virtualclusterinstances.list(),
        );
        const present = instances.map(({ metadata }) => metadata.uid);
        await database.query((db) => markGoneSnapshots(db, present, new Date(startedAt)));
        const expired =
          goneSnapshotDays === 0
            ? []
            : await database.query((db) =>
                listGoneSnapshots(db, new Date(startedAt - goneSnapshotDays * dayMs), atOnce),
              );
        for (const operationId of expired) await deleteSnapshot(operations, operationId, 'retention');
        return { deleting: expired.length, keys: await forgetKeys() };
      }),
  };

  async function forgetKeys(): Promise<number> {
    // Keys first: one that is made after them is of a project, and snapshot, that is seen afterwards.
    const keyed = await listKeyedProjects(management);
    const projects = await callManagement('reading projects', resources.projects.list());
    const needed = new Set([
      ...projects.map(({ metadata }) => metadata.uid),
      ...(await database.query((db) => listKeptProjects(db))),
    ]);
    const left = keyed.filter((uid) => !needed.has(uid));
    for (const uid of left) await forgetProjectKey(management, uid);
    return left.length;
  }
}
