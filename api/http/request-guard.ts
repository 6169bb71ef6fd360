import type { IncomingMessage } from 'node:http';
import fp from 'fastify-plugin';
import { PlatformError } from '../../contracts/errors.ts';
import { headTooLarge, maxHeaders } from './head-limits.ts';

/** Headers of which a request may hold one at most: two of them mean different things to different parsers. */
const single: ReadonlyMap<string, number> = new Map(
  [
    'host',
    'authorization',
    'content-length',
    'transfer-encoding',
    'content-type',
    'content-encoding',
    'origin',
    'upgrade',
    'sec-websocket-key',
    'sec-websocket-version',
  ].map((name, index) => [name, 1 << index]), // a bit each
);
const hostPattern = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?$/;

/** Refuses requests that could be read in two ways, and puts the request's id on every answer. */
export const requestGuard = fp(
  async (app) => {
    // Thrown is as good as given to `done`; a promise for every request would cost more.
    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id);
      checkHeaders(request.raw);
      done();
    });
  },
  { name: 'request-guard' },
);

/**
 * One plain function for requests and for upgrades.
 * @throws PlatformError `invalid_request` for what two parsers could read differently, `head_too_large`
 */
export function checkHeaders(request: IncomingMessage): void {
  const { rawHeaders, headers, httpVersion } = request;
  // Node's parser lets 0.9 and 2.0 through on a request line; 0.9 is what a line break in a path makes of it.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') refuse('only HTTP/1.1 and HTTP/1.0 are supported');
  // More may have come, and Node drops them: one of them may have been whom to act as.
  if (rawHeaders.length >= 2 * maxHeaders) throw new PlatformError('head_too_large', headTooLarge);
  let seen = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    const bit = single.get(name) ?? 0;
    if ((seen & bit) !== 0) refuse(`duplicate header ${name}`);
    seen |= bit;
  }
  if (headers.host === undefined || !hostPattern.test(headers.host))
    refuse('the Host header is missing or malformed');
  checkFraming(request);
}

/** Where the body ends must not be a matter of opinion. */
function checkFraming({ headers, method }: IncomingMessage): void {
  const length = headers['content-length'];
  const coding = headers['transfer-encoding'];
  if (length !== undefined && coding !== undefined)
    refuse('both Content-Length and Transfer-Encoding are present');
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    refuse('the only supported Transfer-Encoding is chunked');
  if (
    (method === 'GET' || method === 'HEAD') &&
    (coding !== undefined || (length !== undefined && length !== '0'))
  ) {
    refuse(`a ${method} request must not have a body`);
  }
}

function refuse(reason: string): never {
  throw new PlatformError('invalid_request', `${reason}; the request was refused`);
}
