import {
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setHandler,
} from '@temporalio/workflow';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import {
  type OperationInput,
  operationWorkflowId,
  progressQuery,
  turnSignal,
} from '../../contracts/workflows.ts';
import { type ActivityInput, databaseActivities } from '../proxies.ts';
import { type FailureReason, failureReason } from './failure-reason.ts';
import { createOperationRun, type OperationRun, tagCluster, type UndoableRun } from './operation-run.ts';
import { createProgress, type Progress } from './progress.ts';
import { unplacedSpace } from './locate-space.ts';
import { takeTurn } from './take-turn.ts';

/** What the instance's status shall say after the operation; of a space, what its status has of it. */
export type InstanceReport = Omit<ActivityInput<'reportInstance'>, 'tenant' | 'operation'>;

export interface Success {
  /** Undefined: the resource is gone or not concerned. */
  readonly report?: InstanceReport;
  /** What the operation's row keeps as its result. */
  readonly result?: Record<string, unknown>;
  readonly message?: string;
}

/** One lifecycle verb. */
export interface Verb {
  /** The steps between the turn and `finish`. */
  run(run: OperationRun): Promise<Success>;
  /** What the status says after a failure or cancel and its undo; `undone`: nothing was left behind. */
  reportFailure?(failure: FailureReason, undone: boolean): InstanceReport | undefined;
  /** Once it has its turn it goes on until it succeeds: nothing cancels or fails it for good. */
  readonly finishesForward?: boolean;
}

/**
 * Runs one operation from claiming the turn to passing it on. The workflow fails or is cancelled when the
 * operation is, after its undo, so that Temporal's UI shows the same end as the operation's row.
 */
export async function runOperation(input: OperationInput, verb: Verb): Promise<void> {
  const progress = createProgress(input);
  setHandler(progressQuery, () => progress.read());
  const run = await beginOperation(input, progress, verb);
  if (!run) return;
  try {
    const success = await (verb.finishesForward
      ? CancellationScope.nonCancellable(() => verb.run(run))
      : verb.run(run));
    await CancellationScope.nonCancellable(() => succeed(run, progress, success));
  } catch (error) {
    const failure = await CancellationScope.nonCancellable(() => fail(run, progress, verb, error));
    if (isCancellation(error)) throw error;
    throw ApplicationFailure.nonRetryable(failure.message, failure.reason);
  }
}

async function beginOperation(
  input: OperationInput,
  progress: Progress,
  verb: Verb,
): Promise<UndoableRun | undefined> {
  try {
    const claim = await takeTurn(input, progress);
    if (!claim) return undefined;
    const placed = placedTenant(input, claim);
    if (placed && placed.cluster !== input.cluster) tagCluster(placed.cluster);
    return createOperationRun(input, progress, placed, verb.finishesForward ? 'forever' : 'bounded');
  } catch (error) {
    const { state, reason, message } = failureReason(error);
    progress.set('turn', state, message);
    const run = createOperationRun(input, progress, undefined, 'bounded');
    await CancellationScope.nonCancellable(() =>
      tellFailure(run, progress, verb, { state, reason, message }, true),
    );
    throw error;
  }
}

function placedTenant(
  input: OperationInput,
  claim: { cluster?: string; hostNamespace?: string },
): TenantRef | undefined {
  const { project, name, uid } = input;
  const { cluster, hostNamespace } = claim;
  return cluster === undefined || hostNamespace === undefined
    ? undefined
    : { project, name, uid, cluster, hostNamespace };
}

async function succeed(run: UndoableRun, progress: Progress, success: Success): Promise<void> {
  const { report, result, message } = success;
  if (report) await reportInstance(run, 'succeeded', report);
  progress.set('finish', 'succeeded');
  await end(run.input, progress, { state: 'succeeded', result, message });
}

async function fail(
  run: UndoableRun,
  progress: Progress,
  verb: Verb,
  error: unknown,
): Promise<FailureReason> {
  const failure = failureReason(error);
  const leftOver = await run.undoAll();
  const message =
    leftOver.length === 0 ? failure.message : `${failure.message}. Failed to undo: ${leftOver.join(', ')}`;
  const told = { ...failure, message };
  await tellFailure(run, progress, verb, told, leftOver.length === 0);
  return told;
}

async function tellFailure(
  run: UndoableRun,
  progress: Progress,
  verb: Verb,
  failure: FailureReason,
  undone: boolean,
): Promise<void> {
  const report = verb.reportFailure?.(failure, undone);
  try {
    if (report) await reportInstance(run, failure.state, report);
  } catch (cause) {
    log.warn('failed to write the status', { error: cause });
  }
  await end(run.input, progress, failure);
}

async function reportInstance(
  run: UndoableRun,
  state: 'succeeded' | 'failed' | 'cancelled',
  report: InstanceReport,
): Promise<void> {
  const { operationId: id, type, kind } = run.input;
  await run.step('finish', (activities) => {
    if (kind !== 'space')
      return activities.reportInstance({ ...report, tenant: run.tenant, operation: { id, type, state } });
    return activities.reportSpace({
      ...report,
      space: unplacedSpace(run.input),
      operation: { id, type, state },
    });
  });
}

/** Ends the row, then signals the next operation in the queue. */
async function end(
  input: OperationInput,
  progress: Progress,
  how: Omit<ActivityInput<'endOperation'>, 'operationId' | 'steps'>,
): Promise<void> {
  const { next } = await databaseActivities.endOperation({
    ...how,
    operationId: input.operationId,
    steps: progress.all(),
  });
  if (next === undefined) return;
  try {
    await getExternalWorkflowHandle(operationWorkflowId(next)).signal(turnSignal);
  } catch (error) {
    log.info('the next operation does not have a workflow yet; it will claim the turn itself', {
      next,
      error,
    });
  }
}
