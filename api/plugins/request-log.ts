import type { FastifyBaseLogger } from 'fastify';
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

type LogMethod = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

interface LazyChild {
  readonly parent: FastifyBaseLogger;
  readonly bindings: Record<string, unknown>;
  made?: FastifyBaseLogger;
}

function madeOf(lazy: LazyChild): FastifyBaseLogger {
  lazy.made ??= lazy.parent.child(lazy.bindings);
  return lazy.made;
}

const forward = (method: LogMethod) =>
  function (this: LazyChild, ...line: Parameters<FastifyBaseLogger[LogMethod]>): void {
    madeOf(this)[method](...line);
  };

/** Shared by all, so that one costs no more than three fields. */
const methods = {
  fatal: forward('fatal'),
  error: forward('error'),
  warn: forward('warn'),
  info: forward('info'),
  debug: forward('debug'),
  trace: forward('trace'),
  silent: () => undefined,
  child(this: LazyChild, ...options: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return madeOf(this).child(...options);
  },
};

/** A child of `parent` that is made when it first logs: for requests, most of which log nothing. */
export function lazyChildLogger(
  parent: FastifyBaseLogger,
  bindings: Record<string, unknown>,
): FastifyBaseLogger {
  return { __proto__: methods, parent, bindings } as unknown as FastifyBaseLogger;
}
