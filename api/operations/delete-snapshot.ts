import { PlatformError } from '../../contracts/errors.ts';
import { lifecycleTaskQueue } from '../../contracts/names.ts';
import { getSnapshot, type SnapshotKey } from '../../db/queries/snapshots.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { temporalCall } from '../../operations/operation-workflow.ts';

/** Workflow that removes a snapshot's file, then its entry in the catalogue; its argument is the SnapshotKey. */
const workflowName = 'deleteSnapshot';

/**
 * Has a snapshot deleted by a workflow; twice is once.
 * @throws PlatformError `snapshot_not_found`, `conflict` while it is being made, `temporal_unavailable`, `database_unavailable`
 */
export async function deleteSnapshot(deps: OperationsDeps, key: SnapshotKey, actor: string): Promise<void> {
  const { project, tenantCluster, name } = key;
  const snapshot = await deps.database.query((db) => getSnapshot(db, key));
  if (snapshot === undefined) {
    throw new PlatformError(
      'snapshot_not_found',
      `there is no snapshot "${name}" of tenant cluster "${tenantCluster}" in project "${project}"`,
    );
  }
  if (snapshot.state === 'creating') {
    throw new PlatformError(
      'conflict',
      `snapshot "${name}" is being made: cancel its operation ${snapshot.operationId} instead`,
    );
  }
  await temporalCall(deps, () =>
    deps.temporal.workflow.start(workflowName, {
      workflowId: `snapshot/${project}/${tenantCluster}/${name}/delete`,
      workflowIdConflictPolicy: 'USE_EXISTING',
      taskQueue: lifecycleTaskQueue,
      args: [{ project, tenantCluster, name }],
      staticSummary: `Delete snapshot ${name} of tenant cluster ${tenantCluster} of project ${project}`,
      staticDetails: `Asked for by ${actor}`,
    }),
  );
}
