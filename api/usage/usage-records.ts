import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../adapters/logging.ts';
import { kindOfPlural } from '../../contracts/kinds.ts';
import type { Database } from '../../db/client.ts';
import { activityRecordedSince, listActivityHours, type UsedHour } from '../../db/queries/activity-hours.ts';
import {
  countEndedOperations,
  type EndedCounts,
  type EndedFilter,
} from '../../db/queries/operation-history.ts';
import {
  listSleepHistories,
  listStateDeltas,
  listUsage,
  recordedUids,
  type SleepHistory,
  type StateFilter,
  type UsageFilter,
  type UsageRow,
} from '../../db/queries/usage.ts';
import type { RecordedUse } from '../../domain/usage/slept-status.ts';
import type { HistoryWindow } from '../../domain/usage/history-window.ts';
import type { StateDelta } from '../../domain/usage/state-history.ts';
import { usageWindow } from '../../domain/usage/usage-window.ts';

/** What is recorded of the time that instances were awake, asleep and in use, and of operations that ended. */
export interface UsageRecords {
  /**
   * Of one object of a resource by its uid, as read a minute ago at most if `fresh` was awaited. Undefined: nothing is known of it, or
   * its kind is none that sleeps.
   */
  recorded(plural: string, uid: string | undefined): RecordedUse | undefined;
  /** Settles once that is so; after a moment in any case: what waits for it says without it what it can. */
  fresh(plural: string): Promise<void>;
  /** As of now. @throws PlatformError `database_unavailable` */
  list(filter: UsageFilter, now: Date): Promise<UsageRow[]>;
  /** As of now. @throws PlatformError `database_unavailable` */
  histories(filter: UsageFilter, from: Date): Promise<SleepHistory[]>;
  /** @throws PlatformError `database_unavailable` */
  usedHours(uids: readonly string[], from: Date): Promise<UsedHour[]>;
  /** @throws PlatformError `database_unavailable` */
  stateDeltas(window: HistoryWindow, filter: StateFilter): Promise<StateDelta[]>;
  /** Those of `uids` of which any change is recorded. @throws PlatformError `database_unavailable` */
  recordedUids(uids: readonly string[]): Promise<string[]>;
  /** @throws PlatformError `database_unavailable` */
  endedOperations(window: HistoryWindow, filter: EndedFilter): Promise<EndedCounts>;
  /** Since when use is recorded of anything. @throws PlatformError `database_unavailable` */
  useRecordedSince(): Promise<Date | undefined>;
}

/** One query for all instances then answers all reads of so long. */
const longestMs = 60_000;
const shortestMs = 1_000;
/** A read takes no more than this part of the time, however long it is. */
const partOfTime = 1 / 100;
const patienceMs = 500;

/** All of it is read from our database, and only when somebody asks. */
export function createUsageRecords(database: Database, logger: Logger): UsageRecords {
  let known: ReadonlyMap<string, RecordedUse> = new Map();
  let goodUntil = 0;
  let reading: { readonly done: Promise<void>; readonly since: number } | undefined;

  async function read(): Promise<void> {
    const begun = performance.now();
    try {
      const rows = await database.query((db) => listUsage(db, usageWindow(new Date())));
      known = new Map(rows.map(({ uid, use }) => [uid, use]));
    } catch (error) {
      // Fields of the past are left as they were: nothing else depends on them.
      logger.debug({ err: error }, 'failed to read the recorded usage');
    }
    const tookMs = performance.now() - begun;
    goodUntil = performance.now() + Math.min(longestMs, Math.max(shortestMs, tookMs / partOfTime));
  }

  function refresh(): typeof reading {
    if (performance.now() < goodUntil) return undefined;
    reading ??= {
      done: read().finally(() => {
        reading = undefined;
      }),
      since: performance.now(),
    };
    return reading;
  }

  return {
    recorded(plural, uid) {
      if (kindOfPlural(plural) === undefined) return undefined;
      void refresh();
      return uid === undefined ? undefined : known.get(uid);
    },
    async fresh(plural) {
      const refreshing = kindOfPlural(plural) === undefined ? undefined : refresh();
      if (refreshing === undefined) return;
      const leftMs = patienceMs - (performance.now() - refreshing.since);
      if (leftMs <= 0) return; // it hangs, and holds up nobody else
      const stop = new AbortController();
      const patience = delay(leftMs, undefined, { signal: stop.signal }).catch(() => undefined);
      await Promise.race([refreshing.done, patience]);
      stop.abort();
    },
    list: (filter, now) => database.query((db) => listUsage(db, usageWindow(now), filter)),
    histories: (filter, from) => database.query((db) => listSleepHistories(db, from, filter)),
    usedHours: (uids, from) => database.query((db) => listActivityHours(db, uids, from)),
    stateDeltas: (window, filter) => database.query((db) => listStateDeltas(db, window, filter)),
    recordedUids: (uids) => database.query((db) => recordedUids(db, uids)),
    endedOperations: (window, filter) => database.query((db) => countEndedOperations(db, window, filter)),
    useRecordedSince: () => database.query((db) => activityRecordedSince(db)),
  };
}
