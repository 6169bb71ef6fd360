import { setTimeout as delay } from 'node:timers/promises';
import { errorTable } from '../../contracts/errors.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { onInterrupt } from '../shell/interrupt.ts';
import { isTable, type Listing, type OutputFormat, printList, streamedText, tableLines } from './output.ts';

/** A list, and how its changes are noticed. */
export interface WatchedList<T> {
  read(): Promise<readonly T[]>;
  /** Path of the Kubernetes collection that changes with it; without one it is read every two seconds. */
  readonly collection?: string;
}

export interface ListOptions {
  readonly output: OutputFormat;
  readonly watch?: boolean;
}

const pollMs = 2_000;
/** Many changes come at once. */
const gatherMs = 200;
/** A watch may have ended unseen. */
const longestMs = 15_000;
/** So long a platform that is away is asked again. */
const patienceMs = 120_000;

/** Prints a list, and with `--watch` what is new, changed or gone, until the user ends it. */
export async function showList<T>(
  client: Client,
  list: WatchedList<T>,
  listing: Listing<T>,
  { output, watch }: ListOptions,
): Promise<void> {
  if (watch !== true) {
    printList(await list.read(), listing, output);
    return;
  }
  onInterrupt(() => undefined);
  const stop = new AbortController();
  const changes =
    list.collection === undefined ? undefined : noticeChanges(client, list.collection, stop.signal);
  const print = createPrinter(listing, output);
  let lastRead = Date.now();
  try {
    for (;;) {
      try {
        print(await list.read());
        lastRead = Date.now();
      } catch (error) {
        if (!mayReturn(error) || Date.now() - lastRead > patienceMs) throw error;
      }
      await (changes === undefined ? delay(pollMs) : changes.next());
    }
  } finally {
    stop.abort();
  }
}

function mayReturn(error: unknown): boolean {
  return error instanceof CommandFailure && errorTable[error.code].retryable;
}

/** Prints what differs from the last time, the first time everything. */
function createPrinter<T>(listing: Listing<T>, output: OutputFormat): (items: readonly T[]) => void {
  let earlier: ReadonlyMap<string, string> | undefined;
  return (items) => {
    const now = new Map(items.map((item) => [keyOf(listing, item), JSON.stringify(item)]));
    const isNew = (item: T) => earlier?.get(keyOf(listing, item)) !== now.get(keyOf(listing, item));
    if (isTable(output)) {
      const { head, rows } = tableLines(items, listing, output);
      if (earlier === undefined) console.log(head);
      for (const [index, item] of items.entries()) if (isNew(item)) console.log(rows[index]);
    } else
      for (const item of items.filter(isNew))
        console.log(output === 'name' ? listing.name(item) : streamedText(item, output));
    for (const key of earlier?.keys() ?? []) if (!now.has(key)) console.error(`${key} is gone`);
    earlier = now;
  };
}

/** Tells items apart: of one name there may be one in each project. */
function keyOf<T>({ name }: Listing<T>, item: T): string {
  const { project } = item as { readonly project?: unknown };
  return typeof project === 'string' ? `${name(item)} of project ${project}` : name(item);
}

interface Changes {
  /** Comes back after something has changed, or after a while. */
  next(): Promise<void>;
}

/** Watches a collection, without looking at what has changed. */
function noticeChanges(client: Client, collection: string, signal: AbortSignal): Changes {
  let wake: () => void = () => undefined;
  let isChanged = false;
  // What the platform lists may be a moment behind its watches.
  let waitMs = pollMs;
  const notice = () => {
    isChanged = true;
    wake();
  };
  void (async () => {
    while (!signal.aborted) {
      try {
        const path = `${collection}?watch=true&timeoutSeconds=300`;
        for await (const _chunk of await client.stream(path, signal, 'application/json')) notice();
      } catch {
        // A list that may not be watched, or whose watch breaks off, is read now and then.
      }
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    async next() {
      if (!isChanged)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, waitMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      waitMs = isChanged ? pollMs : longestMs;
      isChanged = false;
      await delay(gatherMs);
    },
  };
}
