import fp from 'fastify-plugin';
import { type Logger, withoutRedaction } from '../../adapters/logging.ts';

/** One line per answered request. The query is left out: it may hold what is nobody's business. */
export const requestLog = fp(
  async (app, { logger }: { logger: Logger }) => {
    const lines = withoutRedaction(logger);
    app.addHook('onResponse', (request, reply, done) => {
      lines.info(
        {
          reqId: request.id,
          method: request.method,
          path: request.raw.url?.split('?', 1)[0],
          status: reply.raw.statusCode,
          ms: Math.round(reply.elapsedTime),
          user: request.caller?.identity.user,
        },
        'request',
      );
      done();
    });
  },
  { name: 'request-log' },
);
