import { isFinal, type Operation, type OperationStep } from '../../contracts/operations.ts';

/** Part of the width of a bar that stands for the whole operation, in percent. */
export interface Span {
  readonly left: number;
  readonly width: number;
}

/** When an operation began and ends, as far as it is known or expected; milliseconds since 1970. */
export interface OperationWindow {
  readonly begin: number;
  readonly end: number;
}

/** Steps overlap at their ends by the time that it takes to record them: that is not "at the same time". */
const overlapMs = 25;

/** The time that the bars of all steps share. */
export function windowOf(operation: Operation, now: number): OperationWindow {
  const { startedAt, createdAt, finishedAt, state, expectedMs, steps } = operation;
  const begin = Date.parse(startedAt ?? createdAt);
  const ends = steps.flatMap((step) => (step.finishedAt === undefined ? [] : [Date.parse(step.finishedAt)]));
  if (isFinal(state)) return { begin, end: Math.max(begin + 1, Date.parse(finishedAt ?? ''), ...ends) };
  const expected = steps.flatMap((step) =>
    step.state === 'running' && step.startedAt !== undefined
      ? [Date.parse(step.startedAt) + step.expectedMs]
      : [],
  );
  return { begin, end: Math.max(now, begin + expectedMs, ...expected) };
}

/** How long a step took, or takes so far; undefined: it has not begun. */
export function elapsedOf({ startedAt, finishedAt }: OperationStep, now: number): number | undefined {
  if (startedAt === undefined) return undefined;
  return Math.max(0, (finishedAt === undefined ? now : Date.parse(finishedAt)) - Date.parse(startedAt));
}

/** Whether a step is undone: then its end is that of its undo, and the time until then does not measure the step. */
export function isTakenBack({ state }: OperationStep): boolean {
  return state === 'undoing' || state === 'undone' || state === 'undo_failed';
}

/** Where the time of a step lies in that of its operation; undefined: it has not begun. */
export function spanOf(step: OperationStep, window: OperationWindow, now: number): Span | undefined {
  const elapsed = elapsedOf(step, now);
  return elapsed === undefined ? undefined : place(Date.parse(step.startedAt ?? ''), elapsed, window);
}

/** Likewise the time that it usually takes; nothing if there is no time to compare it with. */
export function expectedSpanOf(step: OperationStep, window: OperationWindow): Span | undefined {
  const { startedAt, expectedMs } = step;
  return startedAt === undefined || isTakenBack(step)
    ? undefined
    : place(Date.parse(startedAt), expectedMs, window);
}

function place(start: number, length: number, { begin, end }: OperationWindow): Span {
  const total = end - begin;
  const left = clamp(((start - begin) / total) * 100);
  return { left, width: Math.max(0, clamp(((start + length - begin) / total) * 100) - left) };
}

function clamp(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}

/** The steps that ran while `step` did. */
export function besideOf(step: OperationStep, steps: readonly OperationStep[], now: number): OperationStep[] {
  const elapsed = elapsedOf(step, now);
  if (elapsed === undefined || isTakenBack(step)) return [];
  const start = Date.parse(step.startedAt ?? '');
  return steps.filter((other) => {
    const length = elapsedOf(other, now);
    if (other.key === step.key || length === undefined || isTakenBack(other)) return false;
    const otherStart = Date.parse(other.startedAt ?? '');
    return Math.min(start + elapsed, otherStart + length) - Math.max(start, otherStart) > overlapMs;
  });
}

/** Whether it took, or takes, clearly longer than it usually does. */
export function isSlow(elapsedMs: number, expectedMs: number): boolean {
  return elapsedMs > 2 * expectedMs && elapsedMs - expectedMs > 3_000;
}
