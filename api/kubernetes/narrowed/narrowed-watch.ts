import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Identity } from '../../auth/identity.ts';
import type { Gateway } from '../../gateway.ts';
import { linesOf } from './body-lines.ts';
import { goneObject, type WatchForm } from './gone-object.ts';
import type { NarrowedRequest } from './narrowed-request.ts';
import { placeOf } from './place.ts';
import { type Listing, readAsReader, type Row, type Shown, textOf } from './reader.ts';
import type { ObjectPlace, Visibility } from './visibility.ts';

/** So soon is noticed that a right came or went without a change of the object itself. */
const lookAgainMs = 3_000;
const singleMs = 10_000;

export interface NarrowedWatch {
  readonly identity: Identity;
  readonly request: NarrowedRequest;
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

interface Deps {
  readonly management: Gateway['management'];
  readonly visibility: Visibility;
  /** The objects of the kind that there are now. */
  readonly places: () => readonly (ObjectPlace & { readonly key: string })[];
}

/**
 * Carries a watch of which only the events about what `identity` may see are shown. What becomes visible is ADDED,
 * what is not visible any more DELETED, also when only a right changed. Settles when the watch is over.
 * @throws PlatformError `management_unavailable` before the first event
 */
export async function narrowedWatch(deps: Deps, watch: NarrowedWatch): Promise<string | undefined> {
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
  const looking = lookAgain(shown.lookAgain, watch.identity.user, AbortSignal.any([signal, ended.signal]));
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

/** Looks again and again, all watches of a user at the same time, so that they share what is asked (visibility.ts). */
async function lookAgain(look: () => Promise<void>, user: string, signal: AbortSignal): Promise<void> {
  const phaseMs = createHash('sha256').update(user).digest().readUInt16BE() % lookAgainMs;
  while (!signal.aborted) {
    const waitMs = lookAgainMs - ((performance.now() + lookAgainMs - phaseMs) % lookAgainMs);
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
    // Nobody can decide now: what is shown stays as it is until somebody can.
    if (!signal.aborted) await look().catch(() => undefined);
  }
}

/** What the client was shown, and what follows from an event or from another look; one at a time. */
function createShown({ management, visibility, places }: Deps, watch: NarrowedWatch, bare: boolean) {
  const { identity, request, seen, signal, write } = watch;
  const form: WatchForm = { plural: request.plural, table: undefined, resourceVersion: '' };
  let turn: Promise<void> = Promise.resolve();

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };
  let lastVersion: string | undefined;
  const send = async (type: Event['type'], object: Event['object']) => {
    await write(`${JSON.stringify({ type, object: bare ? withoutObjects(object) : object })}\n`);
    // As its client reads it: a version of an event is where it goes on.
    lastVersion = versionOf(entryOf(object)) ?? lastVersion;
  };

  async function take({ type, object }: Event): Promise<void> {
    if (object.kind === 'Table') form.table = object as Listing;
    const entry = entryOf(object);
    const place = entry === undefined ? undefined : placeOf(entry);
    form.resourceVersion = versionOf(entry) ?? form.resourceVersion;
    if (type === 'BOOKMARK' || type === 'ERROR') return send(type, object);
    if (place === undefined) return;
    if (type === 'DELETED') {
      if (seen.delete(place.key)) await send(type, object);
      return;
    }
    const [visible] = await visibility.filter(identity, request.plural, [place]);
    if (visible !== undefined) {
      const known = seen.has(place.key);
      seen.add(place.key);
      await send(known ? type : 'ADDED', object);
    } else if (seen.delete(place.key)) await send('DELETED', goneObject(place, form));
  }

  async function look(): Promise<void> {
    const there = places().filter(({ namespace }) => (request.namespace ?? namespace) === namespace);
    const visible = new Set(await visibility.filter(identity, request.plural, there));
    for (const place of there) {
      if (visible.has(place) === seen.has(place.key)) continue;
      if (visible.has(place)) {
        seen.add(place.key);
        const object = await single(place);
        if (object !== undefined) await send('ADDED', object);
      } else {
        seen.delete(place.key);
        await send('DELETED', goneObject(place, form));
      }
    }
  }

  /** One object in the form of this watch, if the selectors of the request take it. */
  async function single({ namespace, name }: ObjectPlace): Promise<Event['object'] | undefined> {
    const query = new URLSearchParams();
    for (const key of ['labelSelector', 'includeObject'])
      for (const value of request.query.getAll(key)) query.append(key, value);
    const fields = [request.query.get('fieldSelector') ?? '', `metadata.name=${name}`];
    if (namespace !== undefined) fields.push(`metadata.namespace=${namespace}`);
    query.set('fieldSelector', fields.filter((field) => field !== '').join(','));
    if (bare) query.set('includeObject', 'Metadata');
    const accept = watch.accept.replaceAll('as=PartialObjectMetadata;', 'as=PartialObjectMetadataList;');
    const limit = AbortSignal.any([signal, AbortSignal.timeout(singleMs)]);
    const answer = await readAsReader({ management }, `${request.path}?${query}`, accept, limit);
    const list = JSON.parse(await textOf(answer)) as Listing;
    if (list.kind === 'Table') return (list.rows ?? []).length === 0 ? undefined : list;
    return list.items?.[0];
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
