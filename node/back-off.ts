import { backoffMs } from '../adapters/backoff.ts';

const first = 10_000;
const longest = 5 * 60_000;
/** A run at least this long clears the record. */
const healthy = 10 * 60_000;

/**
 * When a container that ended may start again, as kubelet: at once the first time, then 10 s after its end,
 * doubling up to 5 min; a run of 10 min starts over. Times in milliseconds.
 */
export function nextRestart(run: { startedAt: number; finishedAt: number; quickRestarts: number }): {
  at: number;
  quickRestarts: number;
} {
  const quick = run.finishedAt - run.startedAt >= healthy ? 0 : run.quickRestarts;
  const delay = quick === 0 ? 0 : backoffMs(quick - 1, first, longest);
  return { at: run.finishedAt + delay, quickRestarts: quick + 1 };
}
