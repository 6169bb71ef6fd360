import { type buildConnector, type Dispatcher, Pool } from 'undici';
import { kubernetesRequest } from '../../domain/requests/kubernetes-request.ts';
import { maxHeadBytes } from '../http/head-limits.ts';
import { dispatchDoubted } from './doubted-request.ts';
import { OwnDispatcher } from './own-dispatcher.ts';
import { SharingPool } from './sharing-pool.ts';

/** Requests that may be sent a second time at once: a slow API server is not asked everything twice. */
const secondAttempts = 8;

/** Well within what API servers keep idle connections (90 s), and whatever stands before them, whatever an answer says. */
const keptIdleMs = 30_000;

/** The connections to one Kubernetes API. */
export interface UpstreamConnections {
  readonly dispatcher: Dispatcher;
  /** Ends all at once, streams too. */
  close(): Promise<void>;
  /** Takes no new requests; settles when what is under way is over. */
  retire(): Promise<void>;
}

/**
 * HTTP/1.1 connections made by `connect`: kept for ordinary requests, new for watches, logs and second attempts. When a
 * kept one is found to lead nowhere, none of its age gets another request.
 */
export function createUpstreamConnections(
  origin: string,
  connect: buildConnector.connector,
  isAlive: () => Promise<void>,
): UpstreamConnections {
  const shared = {
    // Watches may be silent for hours; a dead peer is noticed by TCP keep-alive.
    bodyTimeout: 0,
    headersTimeout: 0,
    maxHeaderSize: maxHeadBytes,
    allowH2: false,
    connect,
  };
  const idle = { keepAliveTimeout: keptIdleMs, keepAliveMaxTimeout: keptIdleMs };
  const keeping = () => new SharingPool(origin, { ...shared, ...idle });
  // undici keeps no connection where nothing may be pipelined.
  const own = new Pool(origin, { ...shared, connections: null, pipelining: 0 });
  const second = new Pool(origin, { ...shared, connections: secondAttempts, pipelining: 0 });
  let kept = keeping();
  /** Those before it, until what is under way on them is over. */
  const former = new Set<SharingPool>();

  function renew(pool: SharingPool): void {
    if (pool !== kept) return;
    kept = keeping();
    former.add(pool);
    const over = () => former.delete(pool);
    pool.close().then(over, over);
  }

  const dispatcher = new OwnDispatcher((options, handler) => {
    const { carriage = carriageOf(options.method, options.path) } = options as CarriedOptions;
    const { ownConnection, isRepeatable } = carriage;
    const pool = kept;
    return dispatchDoubted({
      options,
      handler,
      first: ownConnection ? own : pool,
      again: isRepeatable && (options.body ?? null) === null ? second : undefined,
      isAlive,
      overtaken: () => renew(pool),
    });
  });
  return {
    dispatcher,
    async close() {
      await Promise.all([kept, own, second, ...former].map((pool) => pool.destroy()));
    },
    async retire() {
      await Promise.all([kept, own, second].map((pool) => pool.close()));
    },
  };
}

/** A request whose path was read before. */
export interface CarriedOptions extends Dispatcher.DispatchOptions {
  readonly carriage?: Carriage;
}

/** What a request to a Kubernetes API asks of the connection that it is sent on. */
export interface Carriage {
  readonly isWatch: boolean;
  /** Kubernetes' long-running requests: they may be silent for hours. */
  readonly isLongRunning: boolean;
  /**
   * A watch or log: it has a connection that nothing was sent on before. On one that went silent no one would ever
   * know that there is nothing to hear.
   */
  readonly ownConnection: boolean;
  /** A plain read: sent twice it does what it does sent once. */
  readonly isRepeatable: boolean;
}

const longRunningVerbs: ReadonlySet<string> = new Set(['watch', 'proxy']);
const longRunningSubresources: ReadonlySet<string> = new Set([
  'log',
  'proxy',
  'attach',
  'exec',
  'portforward',
]);

/** @param path with its query */
export function carriageOf(method: string, path: string): Carriage {
  const { verb, resource } = kubernetesRequest(method, path);
  const isLongRunning =
    longRunningVerbs.has(verb) || longRunningSubresources.has(resource?.subresource ?? '');
  const isWatch = verb === 'watch';
  return {
    isWatch,
    isLongRunning,
    ownConnection: isWatch || (verb === 'get' && resource?.subresource === 'log'),
    isRepeatable: (method === 'GET' || method === 'HEAD') && !isLongRunning,
  };
}
