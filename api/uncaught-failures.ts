import type { Logger } from '../adapters/logging.ts';
import { isUnavailable } from '../db/failures.ts';
import type { GatewayMetrics, UncaughtKind } from './metrics/gateway-metrics.ts';
import { type RequestContext, requestContext } from './request-context.ts';

/**
 * The last line of defence: each failure that gets here is a bug, logged as an error and counted. What broke off ends
 * nothing else; what belongs to a request ends that request's connection. Of anything else nobody can say what is left
 * undone (whether revocations are still heard of, say): `end` is called, once, to end the process in order.
 */
export function takeUncaughtFailures(
  deps: { logger: Logger; metrics: Pick<GatewayMetrics, 'uncaught'>; end: (error: unknown) => void },
  from: Pick<NodeJS.Process, 'on'> = process,
): void {
  let ending = false;
  const take = (error: unknown) => {
    const request = requestContext.getStore();
    const kind = kindOfUncaught(error, request);
    deps.metrics.uncaught(kind);
    deps.logger.error({ err: error, reqId: request?.id, kind }, 'a failure that nobody caught');
    if (kind === 'request') request?.cut();
    if (kind !== 'gateway' || ending) return;
    ending = true;
    deps.end(error);
  };
  from.on('uncaughtException', take);
  from.on('unhandledRejection', take);
}

function kindOfUncaught(error: unknown, request: RequestContext | undefined): UncaughtKind {
  if (isBrokenOff(error)) return 'stream';
  return request === undefined ? 'gateway' : 'request';
}

/** Codes of Node, its TLS and HTTP parsers and of undici for what is cut off, given up or used after its end. */
const brokenOff =
  /^(ABORT_ERR|E(CONN\w+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NETDOWN|PROTO|AI_\w+)|ENOTFOUND|UND_ERR_\w+|ERR_(STREAM|HTTP|SSL|TLS|SOCKET)_\w+|HPE_\w+)$/;
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
    isUnavailable(error)
  );
}
