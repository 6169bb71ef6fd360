import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError } from '../../../contracts/errors.ts';
import { managementApiVersion } from '../../../contracts/names.ts';
import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import type { AccessReview } from '../../authorization/access-review.ts';
import type { Gateway } from '../../gateway.ts';
import type { Identity } from '../../identity/identity.ts';
import { withComputedInEvent } from '../computed/computed-objects.ts';
import { linesOf } from './body-lines.ts';
import type { FilteredPlural, FilteredRequest } from './filtered-request.ts';
import { hideFromEvent } from './hiding.ts';
import { readShown } from './read-visible.ts';
import { type Listing, readAsReader, type Row, type Shown, textOf } from './reader.ts';
import { type ObjectRef, objectRefOf, visibleObjects } from './visible-objects.ts';
import { jsonText } from '../../http/json-text.ts';

/** So soon is noticed that a right came or went without a change of the object itself. */
const lookMs = 1_000;
/** Looks at all objects whether or not their rights changed: the gateway's own list of them may have lagged behind. */
const lookAnywayMs = 30_000;
/** Between two attempts while no decision can be made. */
const undecidedMs = 250;

export interface FilteredWatch {
  readonly identity: Identity;
  readonly request: FilteredRequest;
  readonly accept: string;
  /** Keys of what the client knows already; changed as the watch goes on. */
  readonly seen: Set<string>;
  readonly signal: AbortSignal;
  /** Called once, before the first event. */
  readonly begin: (status: number, contentType: string) => void;
  /** Settles when there is room for more. */
  readonly write: (text: string) => Promise<void>;
}

interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Shown | Listing;
}

type Place = ObjectRef & { readonly key: string };

interface Deps {
  readonly management: Gateway['management'];
  readonly review: AccessReview;
  readonly usage: Gateway['usage'];
  /** The objects of the kind that there are now. */
  readonly places: () => readonly Place[];
}

/**
 * Carries a watch of which only the events about what `identity` may see are shown. What becomes visible is ADDED,
 * what is not visible any more DELETED, also when only a right changed. Settles when the watch is over.
 * @throws PlatformError `management_unavailable` before the first event
 */
export async function filteredWatch(deps: Deps, watch: FilteredWatch): Promise<string | undefined> {
  const { request, signal, accept } = watch;
  const query = new URLSearchParams(request.query);
  const bare = query.get('includeObject') === 'None';
  if (bare) query.set('includeObject', 'Metadata');
  const answer = await readAsReader(deps, `${request.path}?${query}`, accept, signal);
  watch.begin(answer.statusCode, String(answer.headers['content-type'] ?? 'application/json'));
  if (answer.statusCode !== 200) {
    await watch.write(await textOf(answer));
    return undefined;
  }
  const shown = createShown(deps, watch, bare);
  const ended = new AbortController();
  const looking = lookAgain(
    deps.review,
    watch.identity,
    shown.lookAgain,
    AbortSignal.any([signal, ended.signal]),
  );
  try {
    for await (const line of linesOf(answer.body))
      if (line !== '') await shown.take(JSON.parse(line) as Event);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    ended.abort();
    await looking;
  }
  return shown.lastVersion();
}

/** Looks at everything whenever a right of `identity` came or went. */
async function lookAgain(
  review: AccessReview,
  identity: Identity,
  look: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  // Looks soon after the beginning: a right may have changed since the client was shown a list.
  let seen = -1;
  let lookedAt = performance.now();
  while (!signal.aborted) {
    await delay(lookMs, undefined, { signal }).catch(() => undefined);
    const now = review.generationOf(identity);
    if (signal.aborted || (now === seen && performance.now() - lookedAt < lookAnywayMs)) continue;
    try {
      await look();
      seen = now;
      lookedAt = performance.now();
    } catch {
      // No decision can be made now: what is shown stays as it is.
    }
  }
}

/** What the client was shown, and what follows from an event or from another look; one at a time. */
function createShown({ management, review, usage, places }: Deps, watch: FilteredWatch, bare: boolean) {
  const { identity, request, seen, signal, write } = watch;
  const form: WatchForm = { plural: request.plural, table: undefined, resourceVersion: '' };
  /** Objects of events that may not be shown so far, until the gateway's own list has it. */
  const hidden = new Map<string, Place>();
  let turn: Promise<void> = Promise.resolve();

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };
  let lastVersion: string | undefined;
  const send = async (type: Event['type'], object: Event['object']) => {
    const shown = bare
      ? withoutObjects(object)
      : await hideFromEvent(review, identity, request.plural, object);
    const event = withComputedInEvent({ review, usage, identity }, request.plural, { type, object: shown });
    await write(`${jsonText(event)}\n`);
    // As its client reads it: a version of an event is where it goes on.
    lastVersion = versionOf(entryOf(object)) ?? lastVersion;
  };

  async function take({ type, object }: Event): Promise<void> {
    if (object.kind === 'Table') form.table = object as Listing;
    const entry = entryOf(object);
    const place = entry === undefined ? undefined : objectRefOf(entry);
    form.resourceVersion = versionOf(entry) ?? form.resourceVersion;
    if (type === 'BOOKMARK' || type === 'ERROR') return send(type, object);
    if (place === undefined) return;
    if (type === 'DELETED') {
      hidden.delete(place.key);
      if (seen.delete(place.key)) await send(type, object);
      return;
    }
    if (await isVisible(place)) {
      const known = seen.has(place.key);
      seen.add(place.key);
      hidden.delete(place.key);
      await send(known ? type : 'ADDED', object);
      return;
    }
    hidden.set(place.key, place);
    if (seen.delete(place.key)) await send('DELETED', deletedObject(place, form));
  }

  /** Waits until a decision can be made: an event that was not shown would be a gap. */
  async function isVisible(place: Place): Promise<boolean> {
    for (;;) {
      try {
        return (await visibleObjects({ review }, identity, request.plural, [place])).length > 0;
      } catch (error) {
        if (!(error instanceof PlatformError) || error.code !== 'management_unavailable') throw error;
        await delay(undecidedMs, undefined, { signal });
      }
    }
  }

  /** All objects that the gateway's own list or this watch has delivered. */
  function placesNow(): Place[] {
    const there = places().filter(({ namespace }) => (request.namespace ?? namespace) === namespace);
    for (const { key } of there) hidden.delete(key);
    return [...there, ...hidden.values()];
  }

  async function look(): Promise<void> {
    const there = placesNow();
    const visible = new Set(await visibleObjects({ review }, identity, request.plural, there));
    for (const place of there) {
      if (visible.has(place) || !seen.delete(place.key)) continue;
      await send('DELETED', deletedObject(place, form));
    }
    const came = there.filter((place) => visible.has(place) && !seen.has(place.key));
    for (const [namespace, places] of Map.groupBy(came, (place) => place.namespace)) {
      const objects = await readShown({ management }, watch, namespace, places);
      for (const { key } of places) {
        const object = objects.get(key);
        if (object !== undefined) await send('ADDED', object);
        seen.add(key);
        hidden.delete(key);
      }
    }
  }

  return {
    take: (event: Event) => inTurn(() => take(event)),
    lookAgain: () => inTurn(look),
    lastVersion: () => lastVersion,
  };
}

function entryOf(object: Event['object']): Shown | Row | undefined {
  return object.kind === 'Table' ? (object as Listing).rows?.[0] : (object as Shown);
}

function versionOf(entry: Shown | Row | undefined): string | undefined {
  const object = (entry as Row | undefined)?.object ?? (entry as Shown | undefined);
  const version = object?.metadata?.['resourceVersion'];
  return typeof version === 'string' && version !== '' ? version : undefined;
}

function withoutObjects(object: Event['object']): Event['object'] {
  const { rows } = object as Listing;
  if (object.kind !== 'Table' || !rows) return object;
  return { ...(object as Listing), rows: rows.map(({ object: _object, ...row }) => row) };
}

/** How a watch shows objects, and where it stands. */
interface WatchForm {
  readonly plural: FilteredPlural;
  /** The last Table that was seen, if it shows Tables. */
  table: Listing | undefined;
  resourceVersion: string;
}

/** The DELETED event for an object that the client may no longer see: only its name, which it knew. */
function deletedObject({ name, namespace }: ObjectRef, form: WatchForm): Shown | Listing {
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(form.resourceVersion === '' ? {} : { resourceVersion: form.resourceVersion }),
  };
  const { table } = form;
  if (table === undefined)
    return { apiVersion: managementApiVersion, kind: resourceKinds[form.plural].kind, metadata };
  const cells = ((table.rows?.[0]?.['cells'] ?? ['']) as unknown[]).map((_cell, index) =>
    index === 0 ? name : null,
  );
  const object = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata };
  return { ...table, rows: [{ cells, object }] };
}
