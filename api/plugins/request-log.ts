import fp from 'fastify-plugin';
import { type Logger, withoutRedaction } from '../../adapters/logging.ts';
import { createFloodLimit } from '../flood-limit.ts';

/** Of lines about who was not let in. */
const strangers = { burst: 200, perSecond: 10 };
const maxPath = 1_000;

/**
 * One line per answered request; of a flood of those who are nobody, a part and how many were left out. The query is
 * left out: it may hold what is nobody's business.
 */
export const requestLog = fp(
  async (app, { logger }: { logger: Logger }) => {
    const lines = withoutRedaction(logger);
    const ofStrangers = createFloodLimit(strangers);
    app.addHook('onResponse', (request, reply, done) => {
      done();
      const { statusCode: status } = reply.raw;
      if (status >= 400 && request.caller === undefined && !ofStrangers.take()) return;
      const leftOut = ofStrangers.takeRefused();
      lines.info(
        {
          reqId: request.id,
          method: request.method,
          path: request.raw.url?.split('?', 1)[0]?.slice(0, maxPath),
          status,
          ms: Math.round(reply.elapsedTime),
          user: request.caller?.identity.user,
          ...(leftOut === 0 ? {} : { leftOut }),
        },
        'request',
      );
    });
  },
  { name: 'request-log' },
);
