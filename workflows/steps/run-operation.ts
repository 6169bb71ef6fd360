import {
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  setHandler,
} from '@temporalio/workflow';
import type { Wanted } from '../../activities/instances/instance-access.ts';
import type { TurnAnswer } from '../../activities/operations/turn.ts';
import type { OperationKind } from '../../contracts/kinds.ts';
import {
  type OperationInput,
  operationWorkflowId,
  progressQuery,
  turnSignal,
} from '../../contracts/workflows.ts';
import type { OperationOutcome } from '../../domain/status/after-operation.ts';
import { verbRules } from '../../domain/lifecycle/verbs.ts';
import { type ActivityInput, databaseActivities } from '../proxies.ts';
import { type FailureReason, failureReason } from './failure-reason.ts';
import { reportTo } from './kind-activities.ts';
import {
  createOperationRun,
  type FailedUndo,
  type OperationRun,
  tagCluster,
  type UndoableRun,
} from './operation-run.ts';
import { createProgress, type Progress } from './progress.ts';

/** What the instance's status shall say after the operation. */
export type InstanceReport = Omit<OperationOutcome, 'operation'>;

export interface Success {
  /** Undefined: the resource is gone or not concerned. */
  readonly report?: InstanceReport;
  /** What the operation's row keeps as its result. */
  readonly result?: Record<string, unknown>;
  readonly message?: string;
}

/** What the status says of what was found, once it is deployed. */
export function deployedOf({ targetHash, deploys }: Wanted): InstanceReport {
  return deploys ?? { observedHash: targetHash };
}

/** One lifecycle verb. */
export interface Verb<K extends OperationKind> {
  /** The steps between the turn and `finish`. */
  run(run: OperationRun<K>): Promise<Success>;
  /** What the status says after a failure or cancel and its undo; `undone`: nothing was left behind. */
  reportFailure?(failure: FailureReason, undone: boolean): InstanceReport | undefined;
}

/**
 * Runs one operation from claiming the turn to passing it on. The workflow fails or is cancelled when the
 * operation is, after its undo, so that Temporal's UI shows the same end as the operation's row.
 */
export async function runOperation<K extends OperationKind>(
  kind: K,
  input: OperationInput,
  verb: Verb<K>,
): Promise<void> {
  const progress = createProgress(input);
  setHandler(progressQuery, () => progress.read());
  const run = await beginOperation(kind, input, progress, verb);
  if (!run) return;
  try {
    const success = await (verbRules[input.type].finishesForward
      ? CancellationScope.nonCancellable(() => verb.run(run))
      : verb.run(run));
    await CancellationScope.nonCancellable(() => succeed(run, progress, success));
  } catch (error) {
    const failure = await CancellationScope.nonCancellable(() => fail(run, progress, verb, error));
    if (isCancellation(error)) throw error;
    throw ApplicationFailure.nonRetryable(failure.message, failure.reason);
  }
}

async function beginOperation<K extends OperationKind>(
  kind: K,
  input: OperationInput,
  progress: Progress,
  verb: Verb<K>,
): Promise<UndoableRun<K> | undefined> {
  try {
    const claim = await takeTurn(input, progress);
    if (!claim) return undefined;
    const retries = verbRules[input.type].finishesForward ? 'unbounded' : 'bounded';
    const run = createOperationRun(kind, input, progress, claim, retries);
    if (run.placed && run.placed.cluster !== input.cluster) tagCluster(run.placed.cluster);
    return run;
  } catch (error) {
    const { state, reason, message } = failureReason(error);
    progress.set('turn', state, message);
    const run = createOperationRun(kind, input, progress, {}, 'bounded');
    await CancellationScope.nonCancellable(() =>
      reportFailed(run, progress, verb, { state, reason, message }, true),
    );
    throw error;
  }
}

async function succeed<K extends OperationKind>(
  run: UndoableRun<K>,
  progress: Progress,
  success: Success,
): Promise<void> {
  const { report, result, message } = success;
  if (report) await reportInstance(run, 'succeeded', report);
  progress.set('finish', 'succeeded');
  await end(run.input, progress, { state: 'succeeded', result, message });
}

async function fail<K extends OperationKind>(
  run: UndoableRun<K>,
  progress: Progress,
  verb: Verb<K>,
  error: unknown,
): Promise<FailureReason> {
  const failure = failureReason(error);
  const leftOver = await run.undoAll();
  const reason = { ...failure, message: withLeftOver(failure.message, leftOver) };
  await reportFailed(run, progress, verb, reason, leftOver.length === 0);
  return reason;
}

/** Says of each step that could not be undone why, once for those that have it in common. */
function withLeftOver(message: string, leftOver: readonly FailedUndo[]): string {
  const causes = new Set(leftOver.map((one) => one.message));
  const told = [...causes].map((cause) => {
    const titles = leftOver.filter((one) => one.message === cause).map(({ title }) => title);
    return `${titles.join(', ')} (${cause === message ? 'for the same reason' : cause})`;
  });
  return told.length === 0 ? message : `${message}. Failed to undo: ${told.join('; ')}`;
}

async function reportFailed<K extends OperationKind>(
  run: UndoableRun<K>,
  progress: Progress,
  verb: Verb<K>,
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

async function reportInstance<K extends OperationKind>(
  run: UndoableRun<K>,
  state: 'succeeded' | 'failed' | 'cancelled',
  report: InstanceReport,
): Promise<void> {
  const { operationId: id, type } = run.input;
  await run.step('finish', (activities) =>
    reportTo[run.kind](activities, run.target, { ...report, operation: { id, type, state } }),
  );
}

/** Ends the row, then signals the next operation in the queue. */
async function end(
  input: OperationInput,
  progress: Progress,
  how: Omit<ActivityInput<'endOperation'>, 'operationId' | 'steps'>,
): Promise<void> {
  const { next, nextWakes = [] } = await databaseActivities.endOperation({
    ...how,
    operationId: input.operationId,
    steps: progress.all(),
  });
  if (next !== undefined) await passTurn(next);
  if (nextWakes.length > 0 && patched('admits-wakes')) await Promise.all(nextWakes.map(passTurn));
}

async function passTurn(next: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(operationWorkflowId(next)).signal(turnSignal);
  } catch (error) {
    log.info('the next operation does not have a workflow yet; it will claim the turn itself', {
      next,
      error,
    });
  }
}

/** Fallback if a signal was lost with its sender. */
const claimAgainAfterMs = 30_000;
/** The same for a wake that others are before: those that never become ready give their places up without a signal. */
const wakeAgainAfterMs = 10_000;

/**
 * Waits until the tenant cluster's turn is this operation's; undefined if the operation was ended meanwhile
 * (superseded, say). Claims again at every signal and every 30 s.
 */
async function takeTurn(
  input: OperationInput,
  progress: Progress,
): Promise<Extract<TurnAnswer, { state: 'claimed' }> | undefined> {
  let signalled = false;
  setHandler(turnSignal, () => {
    signalled = true;
  });
  progress.set('turn', 'running');
  for (;;) {
    signalled = false;
    const claim = await databaseActivities.claimTurn({ operationId: input.operationId });
    if (claim.state === 'ended') return undefined;
    if (claim.state === 'claimed') {
      progress.set('turn', 'succeeded');
      return claim;
    }
    progress.set('turn', 'running', whyWaiting(claim));
    const steps = progress.takeChanges();
    if (steps) await databaseActivities.recordSteps(steps);
    await condition(() => signalled, claim.wakesBefore === undefined ? claimAgainAfterMs : wakeAgainAfterMs);
  }
}

function whyWaiting({ behind, wakesBefore }: Extract<TurnAnswer, { state: 'waiting' }>): string {
  if (behind !== undefined) return `Waiting behind ${behind.type} (requested by ${behind.actor})`;
  if (wakesBefore === undefined) return 'Waiting';
  return `Waiting: ${wakesBefore} ${wakesBefore === 1 ? 'wake' : 'wakes'} before it`;
}
