import type { Logger } from './logging.ts';

/** Owner of an uncaught failure: a connection's or stream's that broke off, a request's, or the process's own. */
export type UncaughtKind = 'stream' | 'request' | 'process';

/** What something was done for when it failed, and can be ended alone. */
export interface FailedContext {
  /** Of a request. */
  readonly id?: string;
  /** Ends its connection. */
  cut(): void;
}

export interface UncaughtOptions {
  readonly logger: Logger;
  readonly count?: (kind: UncaughtKind) => void;
  /** What the failing code ran for, where that is known. */
  readonly context?: () => FailedContext | undefined;
  /** Ends the process in order; called once. */
  readonly end: () => void;
}

/**
 * The last line of defence: each failure that gets here is a bug, logged as an error and counted. What broke off ends
 * nothing else; what belongs to a request ends that request's connection. Of anything else it is unknown what is left
 * undone (whether revocations are still heard of, say): the process ends, in order.
 */
export function takeUncaughtFailures(
  { logger, count, context, end }: UncaughtOptions,
  from: Pick<NodeJS.Process, 'on'> = process,
): void {
  let ending = false;
  const take = (error: unknown) => {
    const failed = context?.();
    const kind = isBrokenOff(error) ? 'stream' : failed === undefined ? 'process' : 'request';
    count?.(kind);
    logger.error({ err: error, reqId: failed?.id, kind }, 'uncaught failure');
    if (kind === 'request') failed?.cut();
    if (kind !== 'process' || ending) return;
    ending = true;
    end();
  };
  from.on('uncaughtException', take);
  from.on('unhandledRejection', take);
}

/**
 * Codes of Node, its TLS and HTTP parsers, undici and PostgreSQL for what is cut off, given up or used after its end.
 */
const brokenOff =
  /^(ABORT_ERR|E(CONN\w+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NETDOWN|PROTO|AI_\w+)|ENOTFOUND|UND_ERR_\w+|ERR_(STREAM|HTTP|SSL|TLS|SOCKET)_\w+|HPE_\w+|08\w{3}|57P0\d)$/;
/** CANCELLED, DEADLINE_EXCEEDED and UNAVAILABLE of gRPC: the client of Temporal. */
const grpcCodes: ReadonlySet<unknown> = new Set([1, 4, 14]);

function isBrokenOff(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return (
    error.name === 'AbortError' ||
    error.name === 'TimeoutError' ||
    (typeof code === 'string' && brokenOff.test(code)) ||
    grpcCodes.has(code) ||
    /^Connection terminated/.test(error.message) // of pg, which gives it no code
  );
}
