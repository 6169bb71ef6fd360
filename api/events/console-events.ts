import { setImmediate } from 'node:timers/promises';
import { PlatformError } from '../../contracts/errors.ts';
import type { Gateway } from '../gateway.ts';
import type { ServerEvent } from '../http/event-stream.ts';
import type { Caller } from '../identity/caller.ts';
import { type EventsQuery, EventSession, type SessionDeps } from './event-session.ts';
import { createOperationFeed } from './operation-feed.ts';
import { createResourceFeed } from './resource-feed.ts';
import { createShowEntry } from './shown-entry.ts';

/** Open at once to one caller, however many keys and browsers they have. */
const mostOfCaller = 20;
/** How long one whose client has gone can be resumed, and how many such are kept. */
const keptMs = 120_000;
const mostKept = 500;
/** So soon is noticed that a right came or went without a change of an object. */
const lookMs = 1_000;

/** The streams of `/api/v1/events`. */
export interface ConsoleEvents {
  /**
   * A stream for `caller`: the one that `lastEventId` is of, if it can go on without loss, else a new one.
   * @throws PlatformError `too_many_streams`
   */
  open(
    caller: Caller,
    query: EventsQuery,
    lastEventId: string | undefined,
  ): Promise<(signal: AbortSignal) => AsyncIterable<ServerEvent>>;
  close(): Promise<void>;
}

export function createConsoleEvents(
  gateway: Pick<Gateway, 'cache' | 'review' | 'operations' | 'managementJson' | 'usage'>,
): ConsoleEvents {
  const sessions = new Map<string, EventSession>();
  const { review } = gateway;
  const feed = createResourceFeed(gateway.cache, {
    changed: (entry) => {
      for (const session of sessions.values()) session.changed(entry);
    },
    gone: (entry) => {
      for (const session of sessions.values()) session.gone(entry);
    },
  });
  const operations = createOperationFeed(gateway, () => sessions.values());
  const deps: SessionDeps = { review, show: createShowEntry(review, gateway.usage), entries: feed.entries };
  const stopping = new AbortController();

  let isLooking = false;
  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    for (const session of [...sessions.values()]) {
      if (session.leftAt === undefined) {
        // Rights of many may change at once: between two of them requests have their turn.
        await session.lookAgain().catch(() => undefined); // no decision can be made now
        await setImmediate();
      } else if (performance.now() - session.leftAt > keptMs) sessions.delete(session.name);
    }
    isLooking = false;
  }
  const looking = setInterval(() => void look(), lookMs).unref();

  function sessionFor(caller: Caller, query: EventsQuery, lastEventId: string | undefined) {
    const [name = '', number = ''] = (lastEventId ?? '').split('.');
    const before = sessions.get(name);
    if (before !== undefined && isSame(before, caller, query)) {
      if (/^\d{1,15}$/.test(number) && before.resumeAfter(Number(number)))
        return { session: before, resumed: true };
      before.end();
      sessions.delete(name);
    }
    makeRoom(sessions, caller);
    const session = new EventSession(deps, caller, query);
    sessions.set(session.name, session);
    return { session, resumed: false };
  }

  return {
    async open(caller, query, lastEventId) {
      if (query.subjects.has('operations')) await operations.listening();
      const { session, resumed } = sessionFor(caller, query, lastEventId);
      return (signal) => session.events(AbortSignal.any([signal, stopping.signal]), resumed);
    },
    async close() {
      clearInterval(looking);
      stopping.abort();
      await operations.stop();
    },
  };
}

/** Whether the caller is who opened it, with the same groups and scope, and asks for the same. */
function isSame(session: EventSession, caller: Caller, query: EventsQuery): boolean {
  return textOf(session.caller, session.query) === textOf(caller, query);
}

function textOf({ kind, name, uid, identity }: Caller, { project, subjects }: EventsQuery): string {
  return JSON.stringify([kind, name, uid, identity, project, [...subjects].toSorted()]);
}

/** Forgets what has been left for longest. @throws PlatformError `too_many_streams` */
function makeRoom(sessions: Map<string, EventSession>, { kind, name }: Caller): void {
  const left = [...sessions.values()]
    .filter(({ leftAt }) => leftAt !== undefined)
    .toSorted((a, b) => (a.leftAt ?? 0) - (b.leftAt ?? 0));
  const own = [...sessions.values()].filter(({ caller }) => caller.kind === kind && caller.name === name);
  const forget =
    own.length >= mostOfCaller
      ? (left.find((session) => own.includes(session)) ?? tooMany())
      : left.length >= mostKept
        ? left[0]
        : undefined;
  if (forget !== undefined) sessions.delete(forget.name);
}

function tooMany(): never {
  throw new PlatformError(
    'too_many_streams',
    `you have ${mostOfCaller} open event streams: close one, or use one for several pages`,
  );
}
