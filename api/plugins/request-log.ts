import fp from 'fastify-plugin';
import type { RequestLines } from '../http/request-lines.ts';

declare module 'fastify' {
  interface FastifyInstance {
    requestLines: RequestLines;
  }
}

/** One line per answered request. */
export const requestLog = fp(
  async (app, { lines }: { lines: RequestLines }) => {
    app.decorate('requestLines', lines);
    app.addHook('onResponse', (request, reply, done) => {
      done();
      lines.answered('request', {
        reqId: request.id,
        method: request.method,
        url: request.raw.url,
        status: reply.raw.statusCode,
        ms: Math.round(reply.elapsedTime),
        user: request.caller?.identity.user,
      });
    });
  },
  { name: 'request-log' },
);
