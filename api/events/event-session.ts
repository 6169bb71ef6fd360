import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventsStart, EventSubject } from '../../contracts/events.ts';
import type { Operation } from '../../contracts/operations.ts';
import { createBell } from '../../operations/bell.ts';
import { type Action, recordAction } from '../authorization/action.ts';
import type { AccessReview } from '../authorization/access-review.ts';
import type { ServerEvent } from '../http/event-stream.ts';
import type { Caller } from '../identity/caller.ts';
import { askedFor, forViewer, recordOf } from '../operations/viewer.ts';
import { BitSet } from './bit-set.ts';
import { actionOn, type Entry } from './resource-feed.ts';
import { deletedEntry, type ShowEntry } from './shown-entry.ts';

/** What a stream is asked for. */
export interface EventsQuery {
  /** Only what belongs to it. */
  readonly project: string | undefined;
  readonly subjects: ReadonlySet<EventSubject>;
}

/** Something that is to be told: the object as it is by then, that it is gone, or an operation as it was. */
type Told =
  | { readonly entry: Entry; readonly isGone: boolean }
  | { readonly operation: Operation; readonly isGone: false };

export interface SessionDeps {
  readonly review: AccessReview;
  readonly show: ShowEntry;
  readonly entries: () => Iterable<Entry>;
}

/** Changes within so long are told at once: an object that changes faster is told as it is at the end of it. */
const gatherMs = 50;
const undecidedMs = 250;
/** Decided and written at once. */
const atOnce = 50;
/** What a client that comes again may have missed; of more it is told to list again. */
const remembered = 512;
/** Objects that come or go with one right; of more its client is told to list again. */
const mostLookedAt = 200;
/** Of more that waits for a slow client, or for one that may come again, it is told to list again. */
const mostPending = 10_000;
const mostPendingForNobody = 1_000;

/**
 * One stream to one caller, through all connections that carry it. It holds no events but what is still to be told: an
 * object that changes ten times before its client reads is told once.
 */
export class EventSession {
  readonly name = randomBytes(16).toString('base64url');
  readonly caller: Caller;
  readonly query: EventsQuery;
  /** When its last connection ended, by `performance.now()`; undefined while there is one. */
  leftAt: number | undefined = performance.now();
  private readonly deps: SessionDeps;
  private readonly bell = createBell();
  /** Slots of the objects that its client knows, as far as it was told. */
  private readonly known = new BitSet();
  private readonly pending = new Map<object | string, Told>();
  /** What was told last; the last of it has number `told`. */
  private readonly log: Told[] = [];
  private told = 0;
  private hasMissed = false;
  private hasBegun = false;
  private generation = Number.NaN;
  private connection = new AbortController();

  constructor(deps: SessionDeps, caller: Caller, query: EventsQuery) {
    this.deps = deps;
    this.caller = caller;
    this.query = query;
  }

  changed(entry: Entry): void {
    if (this.isAbout(entry)) this.put(entry, { entry, isGone: false });
  }

  gone(entry: Entry): void {
    if (!this.isAbout(entry)) return;
    if (this.known.delete(entry.slot)) this.put(entry, { entry, isGone: true });
    else this.pending.delete(entry);
  }

  wantsOperation({ project }: Operation): boolean {
    const { query } = this;
    return this.hasBegun && query.subjects.has('operations') && (query.project ?? project) === project;
  }

  /** An operation that the caller may see. */
  operation(operation: Operation): void {
    // As another thing than before: it stands where it happened last.
    this.pending.delete(operation.id);
    this.put(operation.id, { operation, isGone: false });
  }

  /** Something may not have been heard of. */
  missed(): void {
    if (!this.hasBegun) return;
    this.hasMissed = true;
    this.pending.clear();
    this.bell.ring();
  }

  /** Ends its connection, if it has one. */
  end(): void {
    this.connection.abort();
  }

  /** Looks at all objects again if a right of its caller came or went. */
  async lookAgain(): Promise<void> {
    const { review, entries } = this.deps;
    const generation = review.generationOf(this.caller.identity);
    if (!this.hasBegun || generation === this.generation) return;
    const all = [...entries()].filter((entry) => this.isAbout(entry));
    const visible = new Set(await this.allowed(all, (entry) => actionOn('get', entry)));
    this.generation = generation;
    const other = all.filter((entry) => visible.has(entry) !== this.known.has(entry.slot));
    if (other.length > mostLookedAt) this.missed();
    else for (const entry of other) this.put(entry, { entry, isGone: false });
  }

  /** Whether a client that has seen event `number` can go on here: then it will be told all that it missed. */
  resumeAfter(number: number): boolean {
    const missed = this.told - number;
    if (!this.hasBegun || this.hasMissed || !(missed >= 0 && missed <= this.log.length)) return false;
    const newer = [...this.pending];
    for (const told of this.log.splice(this.log.length - missed)) {
      if ('operation' in told) this.pending.set(told.operation.id, told);
      else {
        const { entry } = told;
        // Whether the client knows it is not known: if it is not the caller's any more, that is told.
        if (!entry.isGone) this.known.add(entry.slot);
        this.pending.set(entry, { entry, isGone: entry.isGone });
      }
    }
    for (const [key, told] of newer) this.pending.set(key, told);
    this.told = number;
    return true;
  }

  /**
   * What happens from now on, first an event `start`. Another connection that carries the session ends.
   * @param resumed whether {@link resumeAfter} said so
   */
  async *events(signal: AbortSignal, resumed: boolean): AsyncGenerator<ServerEvent, void> {
    this.connection.abort();
    const connection = new AbortController();
    this.connection = connection;
    this.leftAt = undefined;
    const ended = AbortSignal.any([signal, connection.signal]);
    ended.addEventListener('abort', this.bell.ring);
    try {
      if (resumed) yield this.start(true);
      else yield* await this.begin(ended);
      while (!ended.aborted) {
        if (this.hasMissed) yield* await this.begin(ended);
        if (this.pending.size === 0) await this.bell.rung(60_000);
        this.bell.reset();
        if (!ended.aborted) await delay(gatherMs);
        while (this.pending.size > 0 && !ended.aborted && !this.hasMissed) yield* await this.next();
      }
    } finally {
      if (this.connection === connection) this.leftAt = performance.now();
    }
  }

  /** The event after which the client lists; it is told what changes from here on. */
  private async begin(ended: AbortSignal): Promise<ServerEvent[]> {
    this.hasBegun = true;
    while (!ended.aborted) {
      const generation = this.deps.review.generationOf(this.caller.identity);
      const all = [...this.deps.entries()].filter((entry) => this.isAbout(entry));
      try {
        const visible = new Set(await this.allowed(all, (entry) => actionOn('get', entry)));
        for (const entry of all)
          if (visible.has(entry)) this.known.add(entry.slot);
          else this.known.delete(entry.slot);
        this.pending.clear();
        this.log.length = 0;
        this.hasMissed = false;
        this.generation = generation;
        return [this.start(false)];
      } catch {
        await delay(undecidedMs);
      }
    }
    return [];
  }

  private start(resumed: boolean): ServerEvent {
    return { name: 'start', id: this.id, data: JSON.stringify({ resumed } satisfies EventsStart) };
  }

  private get id(): string {
    return `${this.name}.${this.told}`;
  }

  private isAbout({ plural, project }: Entry): boolean {
    const { query } = this;
    return query.subjects.has(plural) && (query.project === undefined || query.project === project);
  }

  private put(key: object | string, told: Told): void {
    if (!this.hasBegun || this.hasMissed) return;
    this.pending.set(key, told);
    const most = this.leftAt === undefined ? mostPending : mostPendingForNobody;
    if (this.pending.size > most) this.missed();
    else this.bell.ring();
  }

  private allowed<T>(things: readonly T[], actionOf: (thing: T) => Action): Promise<T[]> {
    return this.deps.review.filter(this.caller.identity, things, actionOf);
  }

  /** Takes some of what is pending. While no decision can be made nothing is told. */
  private async next(): Promise<ServerEvent[]> {
    const some = [...this.pending].slice(0, atOnce);
    let visible: ReadonlySet<Told>;
    try {
      const asked = some.map(([, told]) => told).filter((told) => this.isAsked(told));
      visible = new Set(await this.allowed(asked, actionOfTold));
    } catch {
      await delay(undecidedMs);
      return [];
    }
    const events: ServerEvent[] = [];
    for (const [key, told] of some) {
      if (this.pending.get(key) !== told) continue; // something newer, or it is gone
      this.pending.delete(key);
      const event = await this.eventOf(told, visible.has(told) || !this.isAsked(told));
      if (event === undefined) continue;
      this.told += 1;
      this.log.push(told);
      if (this.log.length > remembered) this.log.shift();
      events.push({ ...event, id: this.id });
    }
    return events;
  }

  /** Whether a right decides: of what is gone it was decided before, and who asked for an operation may follow it. */
  private isAsked(told: Told): boolean {
    return 'operation' in told ? !askedFor(this.caller, told.operation) : !told.isGone;
  }

  private async eventOf(told: Told, mayGet: boolean): Promise<Omit<ServerEvent, 'id'> | undefined> {
    if ('operation' in told) {
      if (!mayGet) return undefined;
      const shown = await forViewer(this.deps, this.caller, told.operation);
      return { name: 'operation', data: JSON.stringify(shown) };
    }
    const { entry, isGone } = told;
    if (isGone) return { name: 'resource', data: deletedEntry(entry) };
    if (mayGet) {
      this.known.add(entry.slot);
      return { name: 'resource', data: await this.deps.show(this.caller.identity, entry) };
    }
    return this.known.delete(entry.slot) ? { name: 'resource', data: deletedEntry(entry) } : undefined;
  }
}

function actionOfTold(told: Told): Action {
  return 'operation' in told ? recordAction('get', recordOf(told.operation)) : actionOn('get', told.entry);
}
