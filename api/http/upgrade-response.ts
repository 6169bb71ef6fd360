import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PlatformError } from '../../contracts/errors.ts';
import { errorTable } from '../../contracts/errors.ts';
import { retryAfterOf, toStatus } from './status.ts';

type Headers = Readonly<Record<string, string | string[]>>;

/** How long a client may go on sending after its answer (RFC 9112 §9.6). */
const lingerMs = 5_000;

/** Head of an answer as it stands on the wire. */
export function answerHead(status: number, reason: string, headers: Headers): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}\r\n`),
  );
  return `HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n`;
}

/** Ends a request to upgrade with `failure` as a Status; what the client still sends is never read as a request. */
export function answerFailure(socket: Duplex, failure: PlatformError, requestId: string): void {
  const { status } = errorTable[failure.code];
  const retry = retryAfterOf(failure);
  const body = JSON.stringify(toStatus(failure));
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-request-id': requestId,
    ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    connection: 'close',
  };
  discard(socket);
  socket.end(answerHead(status, STATUS_CODES[status] ?? '', headers) + body);
}

/**
 * Relays an ordinary answer to a request to upgrade and closes the connection behind it. An answer that breaks off
 * does not look complete. Resolves when the answer is over.
 */
export async function relayAnswer(
  socket: Duplex,
  response: IncomingMessage,
  headers: Headers,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  discard(socket);
  socket.once('close', () => {
    response.destroy();
    resolve();
  });
  response.on('error', () => socket.destroy());
  socket.write(
    answerHead(response.statusCode ?? 502, response.statusMessage ?? '', { ...headers, connection: 'close' }),
    'latin1',
  );
  if (response.complete && response.readableEnded) socket.end();
  else response.pipe(socket);
  return promise;
}

/** Throws away what the client sends from now on, for as long as the answer goes out and 5 s more. */
export function discard(socket: Duplex): void {
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.once('finish', () => {
    const end = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(end));
    if (socket.readableEnded) socket.destroy();
    else socket.once('end', () => socket.destroy());
  });
}
