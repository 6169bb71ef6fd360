import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PlatformError } from '../../contracts/errors.ts';
import type { EventsEnd } from '../../contracts/events.ts';

const heartbeatMs = 15_000;

/** One server-sent event. */
export interface ServerEvent {
  readonly name: string;
  /** JSON. */
  readonly data: string;
  /** What a client that comes again names as `Last-Event-ID`. */
  readonly id?: string;
}

export interface EventStream {
  readonly source: (signal: AbortSignal) => AsyncIterable<ServerEvent>;
  /** Hears how to end the stream from our side; gives what to call when it is over. */
  readonly opened: (abort: (reason: Error) => void) => () => void;
}

/**
 * Answers with server-sent events, one per item, with a comment every 15 s so that no proxy in between takes the
 * connection for dead. Ends with the source, or when the client goes; a caller who may not have it any more is told why
 * in an event `end`.
 * @throws what the source throws before its first item; later failures end the stream
 */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  stream: EventStream,
): Promise<void> {
  const response = reply.raw;
  const ended = new AbortController();
  const over = stream.opened((reason) => ended.abort(reason));
  response.once('close', () => ended.abort());
  const heartbeat = setInterval(() => {
    if (response.headersSent && !response.writableNeedDrain) response.write(': still here\n\n');
  }, heartbeatMs);
  try {
    for await (const event of stream.source(ended.signal)) {
      if (ended.signal.aborted) break;
      if (!response.headersSent) {
        reply.hijack();
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
          'x-content-type-options': 'nosniff',
          'x-request-id': request.id,
        });
      }
      if (!response.write(textOf(event))) await once(response, 'drain', { signal: ended.signal });
    }
  } catch (error) {
    if (!response.headersSent && !ended.signal.aborted) throw error;
    if (!ended.signal.aborted) request.log.warn({ err: error }, 'event stream ended unexpectedly');
  } finally {
    clearInterval(heartbeat);
    over();
  }
  if (!reply.sent) reply.hijack();
  const { reason } = ended.signal;
  if (reason instanceof PlatformError && response.headersSent)
    response.write(
      textOf({
        name: 'end',
        data: JSON.stringify({ code: reason.code, detail: reason.message } satisfies EventsEnd),
      }),
    );
  response.end();
}

function textOf({ id, name, data }: ServerEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`;
}
