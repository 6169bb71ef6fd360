import { objectKey } from '../../adapters/kubernetes/informer.ts';
import { type EventPlural, eventPlurals, type ObjectName } from '../../contracts/events.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import { isOnlyUse } from '../../domain/sleep/last-activity.ts';
import type { Action } from '../authorization/action.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';

/** An object as the gateway's cache holds it; never changed, replaced by its next version. */
export type Stored = { readonly metadata: ObjectMeta };

/** One object of a uid, whose versions follow one another. */
export interface Entry {
  readonly plural: EventPlural;
  readonly metadata: ObjectName;
  /** What it belongs to; a project belongs to itself. */
  readonly project: string | undefined;
  /** Its bit in what a stream has told; the next object gets it when this one is gone. */
  readonly slot: number;
  object: Stored;
  /** There is no such object any more, and its slot is another's. */
  isGone: boolean;
}

export interface ResourceListener {
  changed(entry: Entry): void;
  /** Afterwards its slot is another's. */
  gone(entry: Entry): void;
}

/** The changes of all objects that consoles hear of, from the caches of the gateway: one source for all streams. */
export interface ResourceFeed {
  entries(): Iterable<Entry>;
  readonly size: number;
}

export function createResourceFeed(
  cache: Pick<ResourceCache, 'objects' | 'onObjectChange'>,
  listener: ResourceListener,
): ResourceFeed {
  const entries = new Map<string, Entry>();
  const free: number[] = [];
  let slots = 0;

  function take(plural: EventPlural, key: string, object: Stored | undefined): void {
    const at = `${plural} ${key}`;
    const before = entries.get(at);
    if (before !== undefined && before.metadata.uid === object?.metadata.uid) {
      if (before.object === object || object === undefined) return;
      const isQuiet = isOnlyUse(before.object, object);
      before.object = object;
      // Of a thousand that are in use each stream would tell of one every few hundredths of a second.
      if (!isQuiet) listener.changed(before);
      return;
    }
    if (before !== undefined) {
      entries.delete(at);
      before.isGone = true;
      listener.gone(before);
      free.push(before.slot);
    }
    if (object === undefined) return;
    const entry = entryOf(plural, object, free.pop() ?? slots++);
    entries.set(at, entry);
    listener.changed(entry);
  }

  for (const plural of eventPlurals) {
    cache.onObjectChange(plural, (key, object) => take(plural, key, object));
    for (const object of cache.objects(plural)) take(plural, objectKey(object.metadata), object);
  }
  return {
    entries: () => entries.values(),
    get size() {
      return entries.size;
    },
  };
}

function entryOf(plural: EventPlural, object: Stored, slot: number): Entry {
  const { name, namespace, uid } = object.metadata;
  const project = plural === 'projects' ? name : projectOfNamespace(namespace ?? '');
  return {
    plural,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
    project,
    slot,
    object,
    isGone: false,
  };
}

/** A verb on the object. */
export function actionOn(verb: string, { plural, metadata: { name, namespace } }: Entry): Action {
  return { verb, resource: plural, name, ...(namespace === undefined ? {} : { namespace }) };
}
