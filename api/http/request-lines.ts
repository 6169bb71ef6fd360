import { type Logger, withoutRedaction } from '../../adapters/logging.ts';
import { createRateLimiter } from './rate-limiter.ts';

/** One answered request or upgrade, as its line in the log says it. */
export interface RequestLine {
  readonly reqId: string;
  readonly method: string | undefined;
  /** Only the path is logged: the query may hold private data. */
  readonly url: string | undefined;
  readonly status: number;
  readonly ms: number;
  /** Absent if unauthenticated. */
  readonly user: string | undefined;
  readonly bytesUp?: number | undefined;
  readonly bytesDown?: number | undefined;
}

/** What the log says of requests: of a flood of unauthenticated requests, a part and the number of omitted ones. */
export interface RequestLines {
  answered(kind: 'request' | 'upgrade', line: RequestLine): void;
  /** Why one failed that the platform itself is to blame for. */
  failed(of: { reqId: string; isKnown: boolean }, failure: { err: unknown; code: string }): void;
}

/** Of lines about who was not let in. */
const unauthenticated = { burst: 200, perSecond: 10 };
/** Of failures of unauthenticated requests: they have a stack. */
const failuresOfStrangers = { burst: 20, perSecond: 1 };
const maxPath = 1_000;

export function createRequestLines(logger: Logger): RequestLines {
  const lines = withoutRedaction(logger);
  const unauthenticatedLimiter = createRateLimiter(unauthenticated);
  const theirFailures = createRateLimiter(failuresOfStrangers);
  const leftOut = (limit: typeof unauthenticatedLimiter) => {
    const count = limit.takeRefused();
    return count === 0 ? {} : { leftOut: count };
  };
  return {
    answered(kind, { reqId, method, url, status, ms, user, bytesUp, bytesDown }) {
      if (status >= 400 && user === undefined && !unauthenticatedLimiter.take()) return;
      const path = url?.split('?', 1)[0]?.slice(0, maxPath);
      const omitted = unauthenticatedLimiter.takeRefused() || undefined;
      lines.info({ reqId, method, status, ms, user, bytesUp, bytesDown, path, leftOut: omitted }, kind);
    },
    failed({ reqId, isKnown }, failure) {
      if (!isKnown && !theirFailures.take()) return;
      logger.warn({ reqId, ...failure, ...leftOut(theirFailures) }, 'request failed');
    },
  };
}
