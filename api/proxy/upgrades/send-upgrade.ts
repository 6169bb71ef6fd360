import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { maxHeadBytes } from '../../http/head-limits.ts';
import { checkOutgoingHeaders } from '../../upstreams/outgoing-header-check.ts';
import type { UpgradeRequest } from './upgrade-request.ts';
import type { Upstream } from '../../upstreams/upstream.ts';

/** The upstream's word: it switched, or it answered like any server. */
export type UpgradeAnswer =
  | {
      readonly switched: true;
      readonly response: IncomingMessage;
      readonly socket: Socket;
      /** What came right behind the answer's head. */
      readonly head: Buffer;
    }
  | { readonly switched: false; readonly response: IncomingMessage };

export interface UpgradeToSend {
  readonly method: string;
  /** Path and query, sent byte for byte. */
  readonly path: string;
  /** Flat list of names and values, identity included. */
  readonly headers: readonly string[];
  readonly protocol: UpgradeRequest['protocol'];
  /** Time for the answer's head to be complete. */
  readonly answerMs: number;
  readonly signal: AbortSignal;
}

/**
 * Writes the request on a connection of its own, which is never used for another, and reads the answer's head.
 * Only 101 with the very protocol that was asked for is a switch (CVE-2018-1002105, CVE-2020-8559).
 * @throws DialError if nothing was sent; Error if the answer is none of HTTP, says 1xx first, switches to something
 *   else or does not come in time; PlatformError `internal` if the identity check refuses
 */
export async function sendUpgrade(upstream: Upstream, options: UpgradeToSend): Promise<UpgradeAnswer> {
  checkOutgoingHeaders(options.headers);
  const socket = await upstream.connect();
  try {
    options.signal.throwIfAborted();
    return await answerOf(openRequest(socket, upstream, options), socket, options);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function openRequest(socket: Socket, upstream: Upstream, options: UpgradeToSend): ClientRequest {
  const { method, path, headers, protocol } = options;
  const length = method === 'POST' && !hasLength(headers) ? ['Content-Length', '0'] : [];
  return httpRequest({
    createConnection: () => socket, // TLS already
    setHost: false,
    maxHeaderSize: maxHeadBytes,
    method,
    path,
    headers: [...upstream.ownHeaders, ...headers, ...length, 'Connection', 'Upgrade', 'Upgrade', protocol],
  });
}

function hasLength(headers: readonly string[]): boolean {
  return headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length');
}

function answerOf(
  outgoing: ClientRequest,
  socket: Socket,
  { protocol, answerMs, signal }: UpgradeToSend,
): Promise<UpgradeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<UpgradeAnswer>();
  const fail = (reason: string) => {
    reject(new Error(reason));
    outgoing.destroy();
    socket.destroy();
  };
  const timer = setTimeout(() => fail(`no response within ${answerMs / 1000} s`), answerMs);
  const aborted = () => fail(String(signal.reason));
  signal.addEventListener('abort', aborted, { once: true });
  // These stay: an error without a listener would end the process; `close` follows it.
  socket.on('error', reject);
  outgoing.on('error', reject);
  outgoing.once('close', () => reject(new Error('the connection was closed before the response')));
  outgoing.on('information', ({ statusCode }) => fail(`${statusCode} without a protocol switch`));
  outgoing.once('response', (response) => {
    response.on('error', () => undefined); // may break off before anybody reads it
    if ((response.statusCode ?? 0) < 200) fail('101 without a protocol');
    else resolve({ switched: false, response });
  });
  outgoing.once('upgrade', (response, upgraded: Socket, head) => {
    if (response.headers.upgrade?.toLowerCase() === protocol.toLowerCase()) {
      resolve({ switched: true, response, socket: upgraded, head });
    } else {
      fail(`switched to a protocol other than ${protocol}`);
    }
  });
  outgoing.end();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
  });
}
