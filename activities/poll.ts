import { asyncLocalStorage } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError } from '../contracts/errors.ts';
import { noteWait } from './operations/step-recorder.ts';

export interface PollOptions {
  /** Between two looks; a function is asked after each. */
  readonly intervalMs: number | (() => number);
  /** How long it may be looked for, worker outages not counted. */
  readonly deadlineMs: number;
  /** The failure when the deadline has passed; gets the last answer of `look`. */
  readonly onDeadline: (last: string) => Error;
  /** More about the last answer of `look`, for people who wait; asked now and then. */
  readonly explain?: (last: string) => Promise<string>;
  /** What it waits for is said after so long, and then as often. Default 10 s. */
  readonly tellAfterMs?: number;
}

const heartbeatMs = 1000;

/**
 * Calls `look` until it gives something else than a text (which says why not yet). Heartbeats each second with
 * the time spent, so that the next attempt after a worker's death goes on with the rest of the deadline. Failures
 * to reach the cluster count as "not yet". What it waits for is said in the step, if it takes longer.
 */
export async function pollUntil<T extends object>(
  options: PollOptions,
  look: () => Promise<T | string>,
): Promise<T> {
  const context = asyncLocalStorage.getStore();
  const spentBefore = typeof context?.info.heartbeatDetails === 'number' ? context.info.heartbeatDetails : 0;
  const startedAt = performance.now();
  const spent = () => spentBefore + Math.round(performance.now() - startedAt);
  const { tellAfterMs = 10_000 } = options;
  const timer = setInterval(() => context?.heartbeat(spent()), heartbeatMs);
  let toldAt = startedAt;
  try {
    for (;;) {
      const answer = await lookSafely(look);
      if (typeof answer !== 'string') return answer;
      if (performance.now() - toldAt > tellAfterMs) {
        await noteWait(options.explain === undefined ? answer : await options.explain(answer));
        toldAt = performance.now();
      }
      if (spent() > options.deadlineMs) throw options.onDeadline(answer);
      const { intervalMs } = options;
      const pauseMs = typeof intervalMs === 'number' ? intervalMs : intervalMs();
      await delay(pauseMs, undefined, context ? { signal: context.cancellationSignal } : {});
    }
  } finally {
    clearInterval(timer);
  }
}

async function lookSafely<T extends object>(look: () => Promise<T | string>): Promise<T | string> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'cluster_unreachable') return error.message;
    throw error;
  }
}
