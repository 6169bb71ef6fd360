import { asyncLocalStorage } from '@temporalio/activity';

const intervalMs = 1_000;

/**
 * Heartbeats every second while `work` runs, so that Temporal notices a dead worker within the heartbeat timeout
 * and a cancel reaches `work` as an aborted signal. Outside Temporal (in tests) it just runs `work`.
 */
export async function withHeartbeat<T>(work: (signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
  const context = asyncLocalStorage.getStore();
  if (context === undefined) return work(undefined);
  const timer = setInterval(() => context.heartbeat(), intervalMs);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
