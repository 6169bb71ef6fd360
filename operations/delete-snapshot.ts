import { PlatformError } from '../contracts/errors.ts';
import { lifecycleTaskQueue } from '../contracts/names.ts';
import { isFinal } from '../contracts/operations.ts';
import { snapshotDeletionWorkflowId, workflows } from '../contracts/workflows.ts';
import { getOperationRow } from '../db/queries/operations.ts';
import { findSnapshotOf } from '../db/queries/snapshots.ts';
import type { OperationsDeps } from './dependencies.ts';
import { temporalCall } from './operation-workflow.ts';

/**
 * Has the snapshot that operation `operationId` made deleted by a workflow; twice is once.
 * @throws PlatformError `snapshot_not_found`, `conflict` while it is being made, `temporal_unavailable`, `database_unavailable`
 */
export async function deleteSnapshot(
  deps: Pick<OperationsDeps, 'database' | 'temporal'>,
  operationId: string,
  actor: string,
): Promise<void> {
  const { snapshot, isBeingMade } = await deps.database.query(async (db) => {
    const found = await findSnapshotOf(db, operationId);
    // One whose operation was stopped from outside stays `creating`.
    const isOpen = found?.state === 'creating' && !isFinal((await getOperationRow(db, operationId)).state);
    return { snapshot: found, isBeingMade: isOpen };
  });
  if (snapshot === undefined)
    throw new PlatformError('snapshot_not_found', 'the snapshot is already deleted');
  const { project, tenantCluster, name, file } = snapshot;
  if (isBeingMade) {
    throw new PlatformError(
      'conflict',
      `snapshot "${name}" is being created: cancel its operation ${operationId} instead`,
    );
  }
  await temporalCall(deps, () =>
    deps.temporal.workflow.start(workflows.deleteSnapshot, {
      workflowId: snapshotDeletionWorkflowId(operationId),
      workflowIdConflictPolicy: 'USE_EXISTING',
      taskQueue: lifecycleTaskQueue,
      args: [{ project, tenantCluster, name, operationId, file }],
      staticSummary: `Delete snapshot ${name} of tenant cluster ${tenantCluster} of project ${project}`,
      staticDetails: `Requested by ${actor}`,
    }),
  );
}
