import type { IncomingMessage } from 'node:http';
import { hasBody } from './has-body.ts';

/** Bytes that a request may take while nothing of its body is read: its head, and what of the body Node takes in by itself. */
export function waitingBytes(request: IncomingMessage): number {
  const { rawHeaders, url = '', headers, readableHighWaterMark } = request;
  const head = rawHeaders.reduce((bytes, text) => bytes + text.length, url.length);
  if (!hasBody(request)) return head;
  const declared = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  return head + Math.min(declared, readableHighWaterMark);
}
