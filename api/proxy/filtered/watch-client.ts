import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../../adapters/logging.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import type { Gateway } from '../../gateway.ts';
import type { Caller } from '../../identity/caller.ts';
import { GatewayShutdown } from '../../streams/stream-registry.ts';
import { openingRequest, type OpeningRequest } from '../recheck.ts';

/** The client of a watch that the gateway serves itself: over HTTP or a WebSocket. */
export interface WatchClient {
  readonly opening: OpeningRequest;
  readonly caller: Caller;
  readonly log: Pick<Logger, 'warn'>;
  /** Whether an answer has begun. */
  readonly begun: boolean;
  /** Calls `listener` when the client goes away. */
  onGone(listener: () => void): void;
  /** An answer with another status than 200 holds one text and no events. */
  begin(status: number, contentType: string): void;
  /** Sends an event as one line, or the text. Settles when there is room for more; fails when the client is gone. */
  write(text: string): Promise<void>;
  /** Ends the answer as a whole. */
  end(): void;
  /** Breaks the connection off. */
  cut(): void;
}

/** @param headers of every answer, in addition to the content type */
export function httpWatchClient(
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller,
  headers: Readonly<Record<string, string>>,
): WatchClient {
  const response = reply.raw;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return {
    opening: openingRequest(request.raw),
    caller,
    log: request.log,
    get begun() {
      return response.headersSent;
    },
    onGone: (listener) => void response.once('close', listener),
    begin(status, contentType) {
      reply.hijack();
      response.writeHead(status, {
        'content-type': contentType,
        'cache-control': 'no-cache, private',
        'x-request-id': request.id,
        ...headers,
      });
      response.flushHeaders();
    },
    async write(text) {
      if (!response.write(text)) await once(response, 'drain', { signal: gone.signal });
    },
    end: () => void response.end(),
    cut() {
      if (!reply.sent) reply.hijack();
      response.destroy();
    },
  };
}

/**
 * Carries a watch to its client for as long as its caller may have it. Settles when it is over.
 * @throws what `carry` throws before an answer has begun
 */
export async function followWatch(
  { streams }: Pick<Gateway, 'streams'>,
  client: WatchClient,
  recheck: Parameters<Gateway['streams']['add']>[2],
  carry: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  client.onGone(() => ended.abort());
  const finish = () => (client.begun ? client.end() : client.cut());
  /** Who has lost their rights before an answer began is told so. */
  const isToTell = () => !client.begun && ended.signal.reason instanceof PlatformError;
  const over = streams.add(
    client.caller,
    (reason) => {
      ended.abort(reason);
      if (!(reason instanceof GatewayShutdown) && !isToTell()) client.cut();
    },
    recheck,
  );
  try {
    await carry(ended.signal);
    if (isToTell()) throw ended.signal.reason;
    finish();
  } catch (error) {
    if (isToTell()) throw ended.signal.reason;
    if (!client.begun && !ended.signal.aborted) throw error;
    if (!ended.signal.aborted) client.log.warn({ err: error }, 'a watch ended unexpectedly');
    if (ended.signal.reason instanceof GatewayShutdown) finish();
    else client.cut();
  } finally {
    over();
  }
}
