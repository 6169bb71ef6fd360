import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';

const heartbeatMs = 15_000;

export interface EventStream<T> {
  /** Name of the events. */
  readonly name: string;
  readonly source: (signal: AbortSignal) => AsyncIterable<T>;
  readonly transform: (item: T) => Promise<T>;
  /** Hears how to end the stream from our side; gives what to call when it is over. */
  readonly opened: (abort: (reason: Error) => void) => () => void;
}

/**
 * Answers with server-sent events, one per item, with a comment every 15 s so that no proxy in between takes the
 * connection for dead. Ends with the source, or when the client goes.
 * @throws what the source throws before its first item; later failures end the stream
 */
export async function sendEvents<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  stream: EventStream<T>,
): Promise<void> {
  const response = reply.raw;
  const ended = new AbortController();
  const over = stream.opened((reason) => ended.abort(reason));
  response.once('close', () => ended.abort());
  const heartbeat = setInterval(() => {
    if (response.headersSent && !response.writableNeedDrain) response.write(': still here\n\n');
  }, heartbeatMs);
  try {
    for await (const item of stream.source(ended.signal)) {
      const data = JSON.stringify(await stream.transform(item));
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
      if (!response.write(`event: ${stream.name}\ndata: ${data}\n\n`))
        await once(response, 'drain', { signal: ended.signal });
    }
  } catch (error) {
    if (!response.headersSent && !ended.signal.aborted) throw error;
    if (!ended.signal.aborted) request.log.warn({ err: error }, 'event stream ended unexpectedly');
  } finally {
    clearInterval(heartbeat);
    over();
  }
  if (!reply.sent) reply.hijack();
  response.end();
}
