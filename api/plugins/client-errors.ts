import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PlatformError } from '../../contracts/errors.ts';
import { headTooLarge } from '../http/head-limits.ts';
import { answerFailure } from '../http/upgrade-response.ts';

const timeout = 'ERR_HTTP_REQUEST_TIMEOUT';
/** Connections that got their answer; what still comes on them is not looked at. */
const answered = new WeakSet<Socket>();

/**
 * Answers what Node cannot read as a request: a head that is too long, not HTTP, or not complete in time. The path is not
 * known then, so the answer is always a Status. What the client still sends is thrown away for 5 s, so that the answer
 * reaches it.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (answered.has(socket)) return;
  answered.add(socket);
  const isRequest = error.code === timeout || error.code?.startsWith('HPE_') === true; // not TLS, nor the connection
  if (!isRequest || !socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  answerFailure(socket, failureOf(error), randomUUID());
  if (error.code === timeout) socket.destroySoon();
}

/** Whether an answer is due or on its way for a request before this one: another in its place would be taken for it. */
function isAnswering(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  const answer = socket._httpMessage ?? undefined;
  return answer !== undefined && (answer.headersSent || answer.req.complete);
}

function failureOf({ code }: NodeJS.ErrnoException): PlatformError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new PlatformError('head_too_large', headTooLarge);
    case timeout:
      return new PlatformError('request_timeout', 'the request was not complete in time; send it again');
    default:
      return new PlatformError('invalid_request', 'this is not an HTTP/1.1 request');
  }
}
