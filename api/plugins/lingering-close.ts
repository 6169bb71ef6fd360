import type { IncomingMessage } from 'node:http';
import fp from 'fastify-plugin';
import { hasBody } from '../http/has-body.ts';

/** How long a client may go on sending a body after its answer. */
const lingerMs = 5_000;

/**
 * Answers that come before the request's end (a body too large, say) reach their client: closing at once would
 * reset the connection under what the client still sends, and the answer with it (RFC 9112 §9.6). What comes after
 * the answer is read and thrown away for 5 s.
 */
export const lingeringClose = fp(
  async (app) => {
    // Callbacks, not promises: they run for every request.
    app.addHook('onRequest', (request, reply, done) => {
      if (hasBody(request.raw)) reply.raw.once('finish', () => discardRest(request.raw));
      done();
    });
    app.addHook('onSend', (request, reply, payload, done) => {
      // Fastify asks for a close when a body is too large; Node would do it without reading on.
      if (!request.raw.complete) reply.removeHeader('connection');
      done(null, payload);
    });
  },
  { name: 'lingering-close' },
);

function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  request.unpipe();
  request.resume();
  const end = setTimeout(() => request.socket.destroy(), lingerMs);
  request.once('close', () => clearTimeout(end));
}
