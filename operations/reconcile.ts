import { WorkflowNotFoundError } from '@temporalio/client';
import { isFinal } from '../contracts/operations.ts';
import { getOperationRow, listOpenOperations } from '../db/queries/operations.ts';
import { endOperation } from '../db/queries/turns.ts';
import type { OperationRow } from '../db/schema/operations.ts';
import { operationWorkflowId } from '../contracts/workflows.ts';
import type { OperationsDeps } from './dependencies.ts';
import {
  cancelOperationWorkflow,
  signalTurn,
  startOperationWorkflow,
  temporalCall,
} from './operation-workflow.ts';

export interface ReconcileResult {
  /** Operations whose workflow was started, ended because their workflow had closed, and cancelled again. */
  readonly started: string[];
  readonly ended: string[];
  readonly cancelled: string[];
}

/** Makes true what its resource says after its operation was stopped from outside. */
export type RepairInstance = (
  operation: OperationRow,
  end: { state: 'failed' | 'cancelled'; reason: string; message: string },
) => Promise<void>;

/**
 * Compares every open operation with its workflow: starts one that has none, ends one whose workflow closed
 * without ending it (terminated by hand, say), asks again to cancel what was asked, and wakes the operation whose turn it
 * is. Safe to run at any time, also twice at once.
 * @throws PlatformError `temporal_unavailable`, `database_unavailable`
 */
export async function reconcileOperations(
  deps: OperationsDeps,
  repairInstance: RepairInstance,
): Promise<ReconcileResult> {
  const result: ReconcileResult = { started: [], ended: [], cancelled: [] };
  const open = await deps.database.query((db) => listOpenOperations(db));
  for (const row of open) {
    const closed = await closedWorkflow(deps, row);
    if (closed === 'missing') {
      await startOperationWorkflow(deps, row);
      result.started.push(row.id);
    } else if (closed) {
      if (await endClosed(deps, row.id, closed, repairInstance)) result.ended.push(row.id);
    } else if (row.cancelRequestedAt) {
      await cancelOperationWorkflow(deps, row.id);
      result.cancelled.push(row.id);
    }
  }
  return result;
}

/** How a workflow ended that left its row open; undefined while it runs. */
type ClosedWorkflow = 'missing' | { state: 'failed' | 'cancelled'; reason: string; message: string };

async function closedWorkflow(deps: OperationsDeps, row: OperationRow): Promise<ClosedWorkflow | undefined> {
  try {
    const { status } = await temporalCall(deps, () =>
      deps.temporal.workflow.getHandle(operationWorkflowId(row.id)).describe(),
    );
    switch (status.name) {
      case 'RUNNING':
      case 'PAUSED':
      case 'CONTINUED_AS_NEW':
        return undefined;
      case 'TERMINATED':
        return stopped('failed', 'its workflow was terminated in Temporal; nothing was undone');
      case 'CANCELLED':
        return stopped('cancelled', 'its workflow was cancelled in Temporal');
      case 'TIMED_OUT':
        return stopped('failed', 'its workflow timed out; nothing was undone');
      default:
        return stopped('failed', `its workflow closed (${status.name}) without recording a result`);
    }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'missing';
    throw error;
  }
}

function stopped(state: 'failed' | 'cancelled', message: string): Exclude<ClosedWorkflow, 'missing'> {
  return { state, reason: state === 'failed' ? 'operation_failed' : 'operation_cancelled', message };
}

/** False if the workflow ended its row after all, between our two looks. */
async function endClosed(
  deps: OperationsDeps,
  id: string,
  how: Exclude<ClosedWorkflow, 'missing'>,
  repairInstance: RepairInstance,
): Promise<boolean> {
  const row = await deps.database.query((db) => getOperationRow(db, id));
  if (isFinal(row.state)) return false;
  if (row.state === 'running') await repairInstance(row, how);
  const { next } = await endOperation(deps.database, { id, ...how });
  if (next !== undefined) await signalTurn(deps, next);
  return true;
}
