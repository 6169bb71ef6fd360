import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from 'undici';
import { PlatformError } from '../../contracts/errors.ts';
import { maxHeadBytes } from '../http/head-limits.ts';
import type { KubernetesTarget } from '../http/kubernetes-path.ts';
import { maxKubernetesBody, tooLarge } from '../http/whole-body.ts';
import type { Caller } from '../identity/caller.ts';
import type { Identity } from '../identity/identity.ts';
import type { Recheck, StreamRegistry } from '../streams/stream-registry.ts';
import { askRefusal } from '../upstreams/gateway-refusal.ts';
import { notYetListedMessage, unknownIdentityMessage } from '../upstreams/impersonation-denied.ts';
import { upstreamHeaders } from '../upstreams/request-headers.ts';
import { DialError } from '../upstreams/upstream.ts';
import { carriageOf } from '../upstreams/upstream-connections.ts';
import { type AnswerChange, changingAnswers, unpacked } from './computed/changed-answers.ts';
import { ForwardFailure } from './forward-failure.ts';
import { forwardRequest } from './forward-request.ts';
import type { ResolvedUpstream } from './resolved-upstream.ts';

/** API servers give other requests up after 60 s themselves. */
const silenceMs = 65_000;

/** What content from a cluster may do in a browser: nothing in our origin's name. */
export const isolation = {
  'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const;

const isolationHeaders = Object.entries(isolation);

/** Carries a request to `destination` under the caller's identity, or one of the gateway's own; failures become a Status. */
export async function proxy(
  request: FastifyRequest,
  reply: FastifyReply,
  options: {
    target: KubernetesTarget;
    caller: Caller;
    /** As whom it is asked; left out, as the caller. What the caller may was decided then. */
    identity?: Identity | undefined;
    destination: ResolvedUpstream;
    streams: StreamRegistry;
    recheck: () => Recheck;
    /** Called if it is a request that stays open; gives what to call when it is over. */
    opened?: (() => () => void) | undefined;
    /** Of what JSON is answered; left out, all passes as it is. */
    change?: AnswerChange | undefined;
    /** The request's body, if it was read already. */
    body?: Buffer | undefined;
  },
): Promise<void> {
  const { target, caller, destination, streams, recheck, opened, change, body } = options;
  const identity = options.identity ?? caller.identity;
  const asked = upstreamHeaders(request.raw.rawHeaders, identity, request.id);
  const headers = change === undefined ? asked : unpacked(asked);
  const carriage = carriageOf(request.method, target.upstreamPath);
  const attempt = async () => {
    const upstream = await destination.upstream();
    return forwardRequest({
      request: request.raw,
      body,
      response: reply.raw,
      dispatcher:
        change === undefined
          ? upstream.dispatcher
          : changingAnswers(upstream.dispatcher, change, carriage.isWatch),
      carriage,
      silenceMs: carriage.isLongRunning ? 0 : silenceMs,
      path: target.upstreamPath,
      prefix: target.prefix,
      headers,
      answerHeaders: [['x-request-id', request.id], ...isolationHeaders],
      isBrowser: caller.credential.kind === 'session',
      askRefusal: () => askRefusal(upstream.dispatcher, identity),
      opened: (abort) => {
        const closed = streams.add(caller, abort, recheck);
        const over = carriage.isLongRunning ? opened?.() : undefined;
        return over === undefined ? closed : () => (over(), closed());
      },
    });
  };
  try {
    await repeated(attempt, destination, request.method);
  } catch (error) {
    throw failureOf(error, destination, identity, declaredBytes(request)); // nothing was answered yet: Fastify's error handler does
  }
  reply.hijack(); // it was answered on the raw response
}

async function repeated(
  attempt: () => Promise<void>,
  destination: ResolvedUpstream,
  method: string,
): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof ForwardFailure)) throw error;
    if (error.kind === 'credential') destination.refused();
    if (!mayRepeat(error, method)) throw error;
    await attempt();
  }
}

/**
 * A request that reached no server, or only reads, is sent once more: kept-alive connections die of age. Not one that had all
 * the time that there is.
 */
function mayRepeat(failure: ForwardFailure, method: string): boolean {
  if (!failure.repeatable || failure.kind === 'dial') return false;
  if (failure.cause instanceof errors.HeadersTimeoutError) return false;
  return failure.kind === 'credential' || method === 'GET' || method === 'HEAD';
}

function declaredBytes({ headers }: FastifyRequest): number {
  return Number(headers['content-length'] ?? 0);
}

/** Whether an answer's head was too long, by the codes of undici and of Node. */
function isOverflow(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW';
}

/** The caller's error when no response has begun. @param declared bytes of the body, as its head said */
export function failureOf(
  error: unknown,
  { unreachable }: ResolvedUpstream,
  { originalUser }: Identity,
  declared = 0,
): unknown {
  if (!(error instanceof ForwardFailure)) return error;
  if (error.kind === 'refused' && originalUser !== undefined) {
    return new PlatformError('forbidden', unknownIdentityMessage, { cause: error });
  }
  // An API server answers 413 and resets the connection, which may overtake the answer.
  if (error.kind === 'connection' && Math.max(error.bytesSent, declared) > maxKubernetesBody) {
    return new PlatformError('too_large', tooLarge, { cause: error });
  }
  const host = error.cause instanceof DialError ? error.cause.cause : undefined;
  // Not the tenant cluster itself is away but what it runs on, and the caller may know.
  if (host instanceof PlatformError && host.details?.['connectedCluster'] !== undefined) return host;
  if (isOverflow(error.cause)) {
    const message = `the answer has more than ${maxHeadBytes / 1024} KiB of headers, more than this platform carries`;
    return new PlatformError(unreachable.code, message, { cause: error });
  }
  // What controllers give a new user arrives within seconds.
  if (error.kind === 'refused')
    return new PlatformError(unreachable.code, notYetListedMessage, {
      cause: error,
      details: { retryAfterSeconds: 1 },
    });
  const { code, message, details } = unreachable;
  return new PlatformError(code, message, { cause: error, ...(details && { details }) });
}
