import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../adapters/logging.ts';
import { errorTable, PlatformError } from '../../contracts/errors.ts';
import type { OpenStream, OpenStreams } from '../kubernetes/open-streams.ts';

/** Between two sweeps. With 3 s that a decision is remembered (access-review.ts), a right ends within 10 s. */
const sweepMs = 4_000;
const atOnce = 32;
/** What is younger is mostly a short request, which was asked about a moment ago. */
const minAgeMs = 1_000;

export interface Revocation {
  /** Settles when nothing is being asked any more. */
  stop(): Promise<void>;
}

/**
 * Ends open streams whose caller would not be let in any more: a key that is disabled, deleted or expired, a user
 * disabled, removed from a team or a project, a role taken away. Every stream is asked about as a new request
 * would be; what cannot be decided now (an API is away) stays open until it can.
 */
export function startRevocation(streams: OpenStreams, { logger }: { logger: Logger }): Revocation {
  const stopping = new AbortController();

  async function sweep(): Promise<void> {
    const old = streams.list(performance.now() - minAgeMs);
    const byKey = Map.groupBy(old, ({ recheck }) => recheck.key);
    const waiting = [...byKey.values()];
    const work = async () => {
      for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) await look(group);
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, work));
  }

  async function look(group: readonly OpenStream[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    try {
      await first.recheck.run();
    } catch (error) {
      if (!isRefusal(error)) {
        logger.debug({ err: error }, 'an open stream could not be asked about');
        return;
      }
      const { kind, name } = first.caller;
      logger.info({ [kind]: name, streams: group.length, reason: error.message }, 'streams ended: revoked');
      for (const { abort } of group) abort(error);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(sweepMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (!stopping.signal.aborted) await sweep();
    }
  }
  const running = run();

  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Whether a failure says that this caller may not, rather than that nobody can say. */
function isRefusal(error: unknown): error is PlatformError {
  return error instanceof PlatformError && [401, 403, 404].includes(errorTable[error.code].status);
}
