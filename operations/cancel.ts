import { PlatformError } from '../contracts/errors.ts';
import { isFinal, type Operation } from '../contracts/operations.ts';
import { getOperationRow, markCancelRequested } from '../db/queries/operations.ts';
import { endOperation } from '../db/queries/turns.ts';
import { verbRules } from '../domain/lifecycle/verbs.ts';
import type { OperationsDeps } from './dependencies.ts';
import { cancelOperationWorkflow, signalTurn } from './operation-workflow.ts';
import { getOperation } from './read.ts';

/**
 * Asks an operation to cancel. It ends by itself: at once while it waits for its turn, else after undoing what
 * it did; watch it. A delete that has begun cannot be cancelled. With Temporal away, reconcile passes it on later.
 * @throws PlatformError `operation_not_found`, `operation_finished`, `conflict`, `database_unavailable`
 */
export async function cancelOperation(
  deps: OperationsDeps,
  request: { id: string; actor: string },
): Promise<Operation> {
  const { id, type, state } = await getOperation(deps, request.id);
  if (isFinal(state)) throw new PlatformError('operation_finished', `operation has already ended: ${state}`);
  if (state === 'running' && verbRules[type].finishesForward) {
    throw new PlatformError(
      'conflict',
      `a ${type} that has begun cannot be cancelled; it goes on until it has succeeded`,
    );
  }
  await deps.database.query((db) => markCancelRequested(db, [id], request.actor));
  try {
    if (!(await cancelOperationWorkflow(deps, id))) await endUnstarted(deps, id, request.actor);
  } catch (error) {
    deps.logger.warn(
      { err: error, operation: id },
      'Temporal does not answer; reconcile will cancel the workflow',
    );
  }
  return getOperation(deps, id);
}

/** An operation that waits without a workflow (Temporal was away when it was submitted) has nothing to undo. */
async function endUnstarted(deps: OperationsDeps, id: string, actor: string): Promise<void> {
  const row = await deps.database.query((db) => getOperationRow(db, id));
  if (row.state !== 'queued') return;
  const message = `Cancelled by ${actor} before it started`;
  const { next } = await endOperation(deps.database, {
    id,
    onlyQueued: true,
    state: 'cancelled',
    reason: 'operation_cancelled',
    message,
  });
  if (next !== undefined) await signalTurn(deps, next);
}
