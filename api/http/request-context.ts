import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { FailedContext } from '../../adapters/uncaught-failures.ts';

/**
 * Follows each request through callbacks and promises, for uncaught failures. (Events of a connection come
 * in the context that the connection was made in.)
 */
export const requestContext = new AsyncLocalStorage<FailedContext>();

/** All that is done for a request is done in its context. */
export const requestContexts = fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', ({ id, raw: { socket } }, _reply, done) => {
      requestContext.run({ id, cut: () => socket.destroy() }, done);
    });
  },
  { name: 'request-context' },
);
