import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from './eventually.ts';

interface KubernetesObject {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}

/** Opens a request: gives its answer's status and body as it comes. */
export type OpenPath = (
  path: string,
  signal: AbortSignal,
) => Promise<{ status: number; body: AsyncIterable<Uint8Array> }>;

/** What a client knows that lists once and then watches, as client-go's reflector does. */
export interface Reflector {
  /** Every event in order: type, name and version. */
  readonly events: readonly string[];
  /** Version of each object by name. */
  readonly store: ReadonlyMap<string, string>;
  readonly version: string;
  readonly lists: number;
  /** How each watch ended. */
  readonly ends: readonly ('whole' | 'between' | 'cut')[];
  /** Answers to attempts that opened no watch. */
  readonly refusals: readonly number[];
  readonly failures: readonly unknown[];
  stop(): Promise<void>;
}

/**
 * Goes on from the last version it saw, bookmarks included, and lists again only if it is told that this version is
 * too old. Settles when the first watch is open.
 */
export async function startReflector(path: string, open: OpenPath): Promise<Reflector> {
  const events: string[] = [];
  const store = new Map<string, string>();
  const ends: Reflector['ends'][number][] = [];
  const refusals: number[] = [];
  const failures: unknown[] = [];
  const stopping = new AbortController();
  let version = '';
  let lists = 0;
  let watches = 0;
  let rest = '';

  async function list(): Promise<void> {
    const { status, body } = await open(path, stopping.signal);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    if (status !== 200) throw new Error(`list: ${status} ${text}`);
    const found = JSON.parse(text) as { metadata: { resourceVersion: string }; items: KubernetesObject[] };
    lists++;
    store.clear();
    for (const { metadata } of found.items) store.set(metadata.name, metadata.resourceVersion);
    version = found.metadata.resourceVersion;
  }

  function take(line: string): void {
    const { type, object } = JSON.parse(line) as { type: string; object: KubernetesObject };
    if (type === 'ERROR') {
      version = '';
      return;
    }
    const { name, resourceVersion } = object.metadata;
    version = resourceVersion;
    if (type === 'BOOKMARK') return;
    events.push(`${type} ${name} ${resourceVersion}`);
    if (type === 'DELETED') store.delete(name);
    else store.set(name, resourceVersion);
  }

  async function watch(): Promise<void> {
    const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${version}`;
    const { status, body } = await open(`${path}?${query}`, stopping.signal);
    if (status !== 200) {
      refusals.push(status);
      for await (const _ of body);
      return;
    }
    watches++;
    rest = '';
    for await (const chunk of body) {
      const lines = (rest + Buffer.from(chunk).toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    }
    ends.push(rest === '' ? 'whole' : 'cut');
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const before = watches;
      try {
        if (version === '') await list();
        await watch();
      } catch (error) {
        if (watches > before && !stopping.signal.aborted) ends.push(rest === '' ? 'between' : 'cut');
        if (watches === before) failures.push(error);
      }
      await delay(20);
    }
  }
  const running = run();
  await eventually('the first watch is open', () => watches > 0, { intervalMs: 10 });
  return {
    events,
    store,
    ends,
    refusals,
    failures,
    get version() {
      return version;
    },
    get lists() {
      return lists;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
