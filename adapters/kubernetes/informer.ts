import { setTimeout as delay } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import { jitteredBackoffMs } from '../backoff.ts';
import { statusOf } from './failures.ts';
import { keptVersion } from './kept-object.ts';
import { listPages, queryOf } from './list-pages.ts';
import { acceptMetadata, type ApiTarget, openRequest } from './request.ts';

/** A local copy of the objects below one path of a Kubernetes API, kept up to date by list and watch. */
export interface Informer<T> {
  /** The object as last seen, or undefined. Do not change it. */
  get(key: string): T | undefined;
  list(): T[];
  /** Calls `handler` with the key of every object that appears, changes or goes. Returns what unsubscribes it. */
  onChange(handler: (key: string) => void): () => void;
  /** Settles once the first list is in. Never rejects: an API that is away is asked again until `stop`. */
  readonly synced: Promise<void>;
  /**
   * By `performance.now()`: when the server last said something that shows that no earlier change is missing (a list, an
   * event, a bookmark, an ordinary end of a watch). `-Infinity` before the first list.
   */
  readonly syncedAt: number;
  stop(): Promise<void>;
}

export interface InformerOptions<T = never> {
  readonly kubeConfig: ApiTarget;
  /** Path of the list, e.g. `/api/v1/namespaces`. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Fetches metadata alone: of Secrets, say, whose content is none of one's business. */
  readonly metadataOnly?: boolean;
  /**
   * What is kept of an object, default: all but `metadata.managedFields`. `name`, `namespace` and `resourceVersion` are needed. There
   * may be tens of thousands of them in each process.
   */
  readonly keep?: (object: T) => T;
  /** Told of every failure; the informer goes on by itself. */
  readonly onFailure?: (error: unknown) => void;
  /** Lists again after so long even if nothing failed. Default 30 min. */
  readonly relistMs?: number;
  /**
   * How long one watch lasts. Without it, 5 to 10 min, and one that fell silent is noticed after 130 s. Short for what
   * must be known within seconds whatever happens to a connection; then pauses are at most 2 s, too.
   */
  readonly watchSeconds?: number;
}

interface KubernetesObject {
  metadata: ObjectMeta;
}

/** Why a watch ended: its place in history is gone or unknown, so the list must be read again. */
class StaleWatch extends Error {}

/** Bookmarks come about once a minute; a watch that is silent for longer is dead. */
const silenceMs = 130_000;
/** For a page of a list. */
const listMs = 30_000;
/** For the head of the answer to a watch, and a page of what is watched for a short time; and for its end after that. */
const answerMs = 10_000;
const shortGraceMs = 1_000;
/** A connection that lasted so long was a good one: the next failure is a first one. */
const healthyMs = 2000;
const minBackoffMs = 100;
const maxBackoffMs = 10_000;
const maxShortBackoffMs = 2_000;

/** `namespace/name`, or `name` of a cluster-scoped object. */
export function objectKey(metadata: { namespace?: string; name: string }): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

/** Inverse of {@link objectKey}. */
export function fromObjectKey(key: string): { namespace?: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * Starts at once and goes on until `stop`: cut connections are dialled again with growing pauses (0.1 to 10 s,
 * with jitter), and when the API server no longer knows where the watch stood, everything is listed again and
 * handlers hear of what differs. Handlers may hear of a key without a change; they never miss one.
 */
export function createInformer<T extends KubernetesObject>(options: InformerOptions<T>): Informer<T> {
  const store = new Map<string, T>();
  const handlers = new Set<(key: string) => void>();
  const stopping = new AbortController();
  const { promise: synced, resolve: markSynced } = Promise.withResolvers<void>();
  const notify = (key: string) => {
    for (const handler of handlers) handler(key);
  };
  const state: WatchState<T> = {
    store,
    notify,
    resourceVersion: undefined,
    listedAt: 0,
    syncedAt: Number.NEGATIVE_INFINITY,
    failures: 0,
    connections: undefined,
    latest: undefined,
  };
  const connect = () => {
    state.connections ??= options.kubeConfig.ownConnections?.();
  };
  const dropConnections = () => {
    state.connections?.destroy().catch(() => undefined);
    state.connections = undefined;
  };

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const startedAt = Date.now();
      connect();
      try {
        const relistMs = options.relistMs ?? 1_800_000;
        if (state.resourceVersion === undefined || Date.now() - state.listedAt > relistMs) {
          await listAll(options, state, stopping.signal);
          // What was asked while the server hung is old news by now.
          if (options.watchSeconds !== undefined && performance.now() - state.syncedAt > healthyMs)
            await listAll(options, state, stopping.signal);
          markSynced();
        }
        await watchOnce(options, state, stopping.signal);
        state.syncedAt = performance.now();
        // A server that closes every watch at once must not be asked in a tight loop.
        if (Date.now() - startedAt < healthyMs) throw new Error('the watch ended at once');
        state.failures = 0;
      } catch (error) {
        dropConnections();
        if (stopping.signal.aborted) return;
        // What must be known within seconds is listed again: a watch would show only at its end that it is up to date again.
        const isLost = error instanceof StaleWatch || statusOf(error) !== undefined;
        if (isLost || options.watchSeconds !== undefined) state.resourceVersion = undefined;
        options.onFailure?.(error);
        if (Date.now() - startedAt >= healthyMs) state.failures = 0;
        await pauseAfterFailure();
      }
    }
  }

  async function pauseAfterFailure(): Promise<void> {
    const longestMs = options.watchSeconds === undefined ? maxBackoffMs : maxShortBackoffMs;
    const pauseMs = jitteredBackoffMs(state.failures, minBackoffMs, longestMs);
    state.failures += 1;
    await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
  const running = run();

  return {
    get: (key) => store.get(key),
    list: () => [...store.values()],
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    synced,
    get syncedAt() {
      return state.syncedAt;
    },
    stop: async () => {
      stopping.abort();
      await running;
      dropConnections();
      handlers.clear();
    },
  };
}

interface WatchState<T> {
  readonly store: Map<string, T>;
  readonly notify: (key: string) => void;
  /** Where the next watch begins; undefined: list first. */
  resourceVersion: string | undefined;
  listedAt: number;
  syncedAt: number;
  /** Failures in a row. */
  failures: number;
  /** Its own, if its target gives any; after a failure others, since these may lead nowhere. */
  connections: Dispatcher | undefined;
  /** The object that came last. */
  latest: T | undefined;
}

async function listAll<T extends KubernetesObject>(
  options: InformerOptions<T>,
  state: WatchState<T>,
  stopping: AbortSignal,
): Promise<void> {
  const seen = new Map<string, T>();
  const startedAt = performance.now();
  const isShort = options.watchSeconds !== undefined;
  let last: T | undefined;
  let version: string | undefined;
  const accept = options.metadataOnly ? acceptMetadata('PartialObjectMetadataList') : undefined;
  const pages = listPages<T>(
    { ...options, accept },
    {
      connections: state.connections,
      signal: () => AbortSignal.any([stopping, AbortSignal.timeout(isShort ? answerMs : listMs)]),
    },
  );
  for await (const page of pages) {
    // A metadata-only list without a match has `items: null`.
    for (const item of page.items ?? []) {
      const key = objectKey(item.metadata);
      last = keptVersion(options.keep, item, state.store.get(key) ?? last);
      seen.set(key, last);
    }
    version = page.metadata.resourceVersion;
  }
  // Not before the last page: what the others would have shown is in no watch that begins there.
  state.resourceVersion = version;
  state.latest = last;
  state.listedAt = Date.now();
  state.syncedAt = startedAt;
  const before = new Map(state.store);
  state.store.clear();
  for (const [key, item] of seen) state.store.set(key, item);
  for (const [key, item] of seen) {
    if (before.get(key)?.metadata.resourceVersion !== item.metadata.resourceVersion) state.notify(key);
  }
  for (const key of before.keys()) if (!seen.has(key)) state.notify(key);
}

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** Follows one watch until the server ends it. */
async function watchOnce<T extends KubernetesObject>(
  options: InformerOptions<T>,
  state: WatchState<T>,
  stopping: AbortSignal,
): Promise<void> {
  const { watchSeconds } = options;
  const silence = new AbortController();
  const fellSilent = () => silence.abort(new Error('the watch received nothing for too long'));
  const isShort = watchSeconds !== undefined;
  const lastsMs = isShort ? watchSeconds * 1000 + shortGraceMs : answerMs;
  let watchdog = setTimeout(fellSilent, lastsMs).unref();
  try {
    const query = queryOf(options, {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: state.resourceVersion ?? '',
      timeoutSeconds: String(watchSeconds ?? 300 + Math.floor(Math.random() * 300)),
    });
    const signal = AbortSignal.any([stopping, silence.signal]);
    const response = await openRequest(options.kubeConfig, {
      accept: options.metadataOnly ? acceptMetadata('PartialObjectMetadata') : undefined,
      path: `${options.path}?${query}`,
      signal,
      connections: state.connections,
    });
    if (!isShort) {
      clearTimeout(watchdog);
      watchdog = setTimeout(fellSilent, silenceMs).unref();
    }
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      if (!isShort) watchdog.refresh();
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') take(options, state, JSON.parse(line) as WatchEvent<T>);
    }
  } finally {
    clearTimeout(watchdog);
  }
}

function take<T extends KubernetesObject>(
  options: InformerOptions<T>,
  state: WatchState<T>,
  event: WatchEvent<T>,
): void {
  if (event.type === 'ERROR') {
    throw new StaleWatch(`the API server ended the watch: ${JSON.stringify(event.object)}`);
  }
  state.failures = 0;
  state.syncedAt = performance.now();
  state.resourceVersion = event.object.metadata.resourceVersion;
  if (event.type === 'BOOKMARK') return;
  const key = objectKey(event.object.metadata);
  if (event.type === 'DELETED') state.store.delete(key);
  else {
    state.latest = keptVersion(options.keep, event.object, state.store.get(key) ?? state.latest);
    state.store.set(key, state.latest);
  }
  state.notify(key);
}
