import fp from 'fastify-plugin';

/** One line per answered request. The query is left out: it may hold what is nobody's business. */
export const requestLog = fp(
  async (app) => {
    app.addHook('onResponse', async (request, reply) => {
      request.log.info(
        {
          method: request.method,
          path: request.raw.url?.split('?', 1)[0],
          status: reply.raw.statusCode,
          ms: Math.round(reply.elapsedTime),
          user: request.caller?.identity.user,
        },
        'request',
      );
    });
  },
  { name: 'request-log' },
);
