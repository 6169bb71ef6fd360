import { type Dispatcher, Pool } from 'undici';

/** Path below which the gateway shows Temporal's web UI; the UI's own `publicPath` must be the same. */
export const temporalUiPath = '/temporal';

/** Temporal's web UI, which authenticates no one: only the gateway may reach it, best by a Unix socket. */
export interface TemporalUi {
  readonly dispatcher: Dispatcher;
  close(): Promise<void>;
}

const headersTimeoutMs = 30_000;

/** @param url of the UI's server, with or without its public path, or `unix:///path`. Nothing is dialled yet. */
export function createTemporalUi(url: string): TemporalUi {
  const { protocol, pathname, origin } = new URL(url);
  const isSocket = protocol === 'unix:';
  const pool = new Pool(isSocket ? 'http://temporal-ui' : origin, {
    ...(isSocket ? { socketPath: pathname } : {}),
    connections: 16,
    allowH2: false,
    headersTimeout: headersTimeoutMs,
  });
  return { dispatcher: pool, close: () => pool.destroy() };
}
