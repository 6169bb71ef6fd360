import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../../adapters/logging.ts';
import { errorTable, PlatformError } from '../../contracts/errors.ts';
import type { OpenStream, StreamRegistry, Recheck } from './stream-registry.ts';

/** Between two sweeps. With 3 s that a decision is remembered (access-review.ts), a right ends within 10 s. */
const defaultSweepMs = 4_000;
const atOnce = 32;
/** What is younger is mostly a short request, which was asked about a moment ago. */
const minAgeMs = 1_000;

/** Default of how long a stream may stay open while its caller cannot be authorized again. */
export const defaultUndecidedMs = 60_000;

export interface Revocation {
  stop(): Promise<void>;
}

type Asked = Omit<Recheck, 'upstreamCheck'>;

/** Streams that one recheck is about. */
interface Group {
  readonly recheck: Asked;
  readonly streams: OpenStream[];
  readonly isGatewayCheck: boolean;
}

/**
 * Ends open streams whose caller would be refused now: a key that is disabled, deleted or expired, a user
 * disabled, removed from a team or a project, a role taken away. Every stream is asked about as a new request
 * would be. While the gateway cannot authorize their callers (the management API is away), streams
 * stay for `undecidedMs`, then they end too; new requests are refused from the start. Each queue of rechecks runs at
 * its own pace: what one tenant cluster does not answer delays no other revocation.
 */
export function startRevocation(
  streams: Pick<StreamRegistry, 'list'>,
  options: { logger: Logger; undecidedMs?: number; sweepMs?: number },
): Revocation {
  const { logger, undecidedMs = defaultUndecidedMs, sweepMs = defaultSweepMs } = options;
  const stopping = new AbortController();
  const busy = new Set<string>();
  let isSorting = false;

  function sweep(): void {
    if (isSorting) return;
    isSorting = true;
    queuesOf(streams.list(performance.now() - minAgeMs))
      .then((queues) => {
        for (const [queue, groups] of queues) if (!busy.has(queue)) start(queue, groups);
      })
      .catch(failed)
      .finally(() => {
        isSorting = false;
      });
  }

  function start(queue: string, groups: Group[]): void {
    busy.add(queue);
    ask(groups)
      .catch(failed)
      .finally(() => busy.delete(queue));
  }

  function failed(err: unknown): void {
    logger.error({ err }, 'failed to authorize open streams again');
  }

  async function ask(groups: Group[]): Promise<void> {
    let unanswered = 0;
    const work = async () => {
      for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
        if (stopping.signal.aborted) return;
        // So many in a row: it is away, and asking for each of thousands would take minutes.
        const decided = unanswered < atOnce && (await decide(group));
        unanswered = decided ? 0 : unanswered + 1;
        if (!decided && group.isGatewayCheck) endUndecided(group.streams);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, groups.length) }, work));
  }

  /** Whether a decision was made. */
  async function decide({ recheck, streams: asked, isGatewayCheck }: Group): Promise<boolean> {
    const startedAt = performance.now();
    try {
      await recheck.run();
      if (isGatewayCheck) for (const stream of asked) stream.decidedAt = startedAt;
      return true;
    } catch (error) {
      if (!isRefusal(error)) {
        logger.debug({ err: error }, 'failed to authorize an open stream again');
        return false;
      }
      end(asked, error, 'ended streams: access revoked');
      return true;
    }
  }

  function endUndecided(asked: readonly OpenStream[]): void {
    const since = performance.now() - undecidedMs;
    const over = asked.filter(({ decidedAt }) => decidedAt < since);
    const reason = new PlatformError(
      'management_unavailable',
      'its caller could not be authorized again in time',
    );
    if (over.length > 0) end(over, reason, 'ended streams: their callers could not be authorized again');
  }

  function end(ended: readonly OpenStream[], error: PlatformError, message: string): void {
    const { kind, name } = ended[0]?.caller ?? {};
    logger.info({ [kind ?? 'caller']: name, streams: ended.length, reason: error.message }, message);
    for (const { abort } of ended) abort(error);
  }

  const timer = setInterval(sweep, sweepMs).unref();
  return {
    stop: async () => {
      stopping.abort();
      clearInterval(timer);
    },
  };
}

/** Between two others' turns: thousands of streams sorted at once would hold up every request. */
const sortedAtOnce = 200;

/** What is to be asked about these streams, by the queue that it waits in. */
async function queuesOf(streams: readonly OpenStream[]): Promise<Map<string, Group[]>> {
  const gateway = new Map<string, Map<string, Group>>();
  const upstream = new Map<string, Map<string, Group>>();
  for (const [index, stream] of streams.entries()) {
    if (index % sortedAtOnce === sortedAtOnce - 1) await setImmediate();
    const { recheck } = stream;
    put(gateway, stream, recheck, true);
    if (recheck.upstreamCheck !== undefined) put(upstream, stream, recheck.upstreamCheck, false);
  }
  const named = (kind: string, queues: typeof gateway) =>
    [...queues].map(([queue, groups]): [string, Group[]] => [`${kind} ${queue}`, [...groups.values()]]);
  return new Map([...named('gateway', gateway), ...named('upstream', upstream)]);
}

function put(
  queues: Map<string, Map<string, Group>>,
  stream: OpenStream,
  recheck: Asked,
  isGatewayCheck: boolean,
): void {
  const groups = queues.get(recheck.queue) ?? new Map<string, Group>();
  queues.set(recheck.queue, groups);
  const group = groups.get(recheck.key);
  if (group === undefined) groups.set(recheck.key, { recheck, streams: [stream], isGatewayCheck });
  else group.streams.push(stream);
}

/** Whether a failure says that this caller may not, rather than that no decision can be made. */
function isRefusal(error: unknown): error is PlatformError {
  return error instanceof PlatformError && [401, 403, 404].includes(errorTable[error.code].status);
}
