import { PlatformError } from '../contracts/errors.ts';
import { isFinal, type Operation } from '../contracts/operations.ts';
import { getOperationRow, markCancelRequested } from '../db/queries/operations.ts';
import { endOperation } from '../db/queries/turns.ts';
import type { OperationsDeps } from './dependencies.ts';
import { cancelOperationWorkflow, signalTurn } from './operation-workflow.ts';
import { getOperation } from './read.ts';

/**
 * Asks an operation to cancel. One that waits ends at once; one that runs undoes what it did, which takes as
 * long as it takes: watch it. A delete that has begun cannot be cancelled.
 * @throws PlatformError `operation_not_found`, `operation_finished`, `conflict`, `temporal_unavailable`, `database_unavailable`
 */
export async function cancelOperation(deps: OperationsDeps, request: { id: string; actor: string }): Promise<Operation> {
  const { id } = await getOperation(deps, request.id);
  const row = await deps.database.query((db) => getOperationRow(db, id));
  if (isFinal(row.state)) throw new PlatformError('operation_finished', `The operation has ended already: ${row.state}`);
  if (row.state === 'running' && row.type === 'delete') {
    throw new PlatformError('conflict', 'A delete that has begun cannot be cancelled; it goes on until it has succeeded');
  }
  if (row.state === 'queued') {
    const { next, changed } = await endOperation(deps.database, {
      id,
      onlyQueued: true,
      state: 'cancelled',
      reason: 'operation_cancelled',
      message: `Cancelled by ${request.actor} before it began`,
    });
    if (changed && next !== undefined) await quietly(deps, signalTurn(deps, next));
  }
  // It may have taken its turn meanwhile, and then it is marked like any other that runs.
  await deps.database.query((db) => markCancelRequested(db, [id], request.actor));
  if (row.state === 'queued') await quietly(deps, cancelOperationWorkflow(deps, id));
  else await cancelOperationWorkflow(deps, id);
  return getOperation(deps, id);
}

/** Reconcile does it later if Temporal is away. */
async function quietly(deps: OperationsDeps, call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    deps.logger.warn({ err: error }, 'Temporal does not answer; reconcile makes up for it');
  }
}
