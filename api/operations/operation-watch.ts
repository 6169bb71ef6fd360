import type { OperationResource } from '../../contracts/resources/operation-resource.ts';
import { createBell } from '../../operations/bell.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { onlyOne, operationPage } from './operation-list.ts';
import type { OperationQuery } from './operation-query.ts';

type Deps = Pick<Gateway, 'operations' | 'review' | 'managementJson'>;

export interface OperationEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: OperationResource | BookmarkObject;
}

interface BookmarkObject {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** Changes this much older than what a client has seen are told again: a row's times are set before it is committed. */
const overlapMs = 5_000;
const bookmarkEveryMs = 60_000;

/** The version of a list that is read now. */
export function versionNow(): string {
  return String(Date.now());
}

/**
 * What happens to the operations that `query` asks for and `caller` may see, until `signal` aborts: at least once, in the
 * order of changes of each operation. Changes that follow one another faster than they are read are one event.
 */
export async function* watchOperations(
  deps: Deps,
  caller: Caller,
  query: OperationQuery,
  signal: AbortSignal,
): AsyncGenerator<OperationEvent, void> {
  const changed = collectChanges(deps, signal);
  try {
    /** What the client was told last, by name. */
    const told = new Map<string, string>();
    /** What it was told of and cannot be seen any more: it was removed, or is not for this caller now. */
    const gone = (name: string): OperationEvent[] => {
      const text = told.get(name);
      told.delete(name);
      return text === undefined ? [] : [{ type: 'DELETED', object: JSON.parse(text) as OperationResource }];
    };
    const startedAt = Date.now();
    const since = query.sendsInitialEvents ? undefined : query.since;
    const tell = (object: OperationResource, hasSeen: boolean): OperationEvent[] => {
      const { name } = object.metadata;
      const text = JSON.stringify(object);
      const before = told.get(name);
      told.set(name, text);
      if (before === text) return [];
      return [{ type: before === undefined && !hasSeen ? 'ADDED' : 'MODIFIED', object }];
    };
    for (const object of (await operationPage(deps, caller, query)).items.toReversed()) {
      if (since === undefined) yield* tell(object, false);
      else if (Number(object.metadata.resourceVersion) > since - overlapMs)
        yield* tell(object, createdAt(object) < since - overlapMs);
      else told.set(object.metadata.name, JSON.stringify(object));
    }
    if (query.sendsInitialEvents) yield bookmark({ 'k8s.io/initial-events-end': 'true' });
    let bookmarkAt = Date.now() + bookmarkEveryMs;
    while (!signal.aborted) {
      const { ids, missed } = await changed.next(bookmarkEveryMs);
      if (signal.aborted) return;
      const objects = missed
        ? (await operationPage(deps, caller, query)).items.toReversed()
        : await changedOnes(deps, caller, query, ids);
      const names = new Set(objects.map(({ metadata }) => metadata.name));
      for (const id of ids) if (!missed && !names.has(id)) yield* gone(id);
      for (const object of objects) yield* tell(object, createdAt(object) < startedAt - overlapMs);
      if (query.sendsBookmarks && Date.now() >= bookmarkAt) {
        yield bookmark();
        bookmarkAt = Date.now() + bookmarkEveryMs;
      }
    }
  } finally {
    changed.stop();
  }
}

async function changedOnes(deps: Deps, caller: Caller, query: OperationQuery, ids: readonly string[]) {
  const found: OperationResource[] = [];
  for (const id of ids)
    if (query.name === undefined || query.name === id)
      found.push(...(await onlyOne(deps, caller, query, id, deps.operations.getChanged)));
  return found;
}

function createdAt({ metadata }: OperationResource): number {
  return Date.parse(metadata.creationTimestamp ?? '');
}

function bookmark(annotations?: Readonly<Record<string, string>>): OperationEvent {
  const metadata = { resourceVersion: versionNow(), ...(annotations === undefined ? {} : { annotations }) };
  return { type: 'BOOKMARK', object: { metadata } };
}

/** Ids of operations that changed since the last call; from the beginning on, so that none falls between list and watch. */
function collectChanges({ operations }: Pick<Deps, 'operations'>, signal: AbortSignal) {
  const bell = createBell();
  let ids = new Set<string>();
  let missed = false;
  const stop = operations.onChange((id) => {
    if (id === undefined) missed = true;
    else ids.add(id);
    bell.ring();
  });
  signal.addEventListener('abort', bell.ring);
  return {
    async next(timeoutMs: number): Promise<{ ids: readonly string[]; missed: boolean }> {
      if (!signal.aborted) await bell.rung(timeoutMs);
      bell.reset();
      const taken = { ids: [...ids], missed };
      ids = new Set();
      missed = false;
      return taken;
    },
    stop() {
      stop();
      signal.removeEventListener('abort', bell.ring);
    },
  };
}
