import type { FastifyBaseLogger } from 'fastify';

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
