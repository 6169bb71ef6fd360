import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { requestContext } from '../http/request-context.ts';

/** All that is done for a request is done in its context. */
export const requestContexts = fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', ({ id, raw: { socket } }, _reply, done) => {
      requestContext.run({ id, cut: () => socket.destroy() }, done);
    });
  },
  { name: 'request-context' },
);
