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
type Line = Parameters<FastifyBaseLogger[LogMethod]>;

/** A child that is made when it first logs. A class: every request has one. */
class LazyChild {
  private readonly parent: FastifyBaseLogger;
  private readonly bindings: Record<string, unknown>;
  private known: FastifyBaseLogger | undefined;

  constructor(parent: FastifyBaseLogger, bindings: Record<string, unknown>) {
    this.parent = parent;
    this.bindings = bindings;
  }

  private get made(): FastifyBaseLogger {
    return (this.known ??= this.parent.child(this.bindings));
  }

  fatal(...line: Line): void {
    this.made.fatal(...line);
  }

  error(...line: Line): void {
    this.made.error(...line);
  }

  warn(...line: Line): void {
    this.made.warn(...line);
  }

  info(...line: Line): void {
    this.made.info(...line);
  }

  debug(...line: Line): void {
    this.made.debug(...line);
  }

  trace(...line: Line): void {
    this.made.trace(...line);
  }

  silent(): void {
    // pino's way to say nothing
  }

  child(...options: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.made.child(...options);
  }
}

/** A child of `parent` that is made when it first logs: for requests, most of which log nothing. */
export function lazyChildLogger(
  parent: FastifyBaseLogger,
  bindings: Record<string, unknown>,
): FastifyBaseLogger {
  return new LazyChild(parent, bindings) as unknown as FastifyBaseLogger;
}
