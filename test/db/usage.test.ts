import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { OperationType } from '../../contracts/verbs.ts';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import {
  activityRecordedSince,
  listActivityHours,
  noteActivityHours,
} from '../../db/queries/activity-hours.ts';
import {
  listSleepHistories,
  listStateDeltas,
  listUsage,
  recordedUids,
  type StateFilter,
} from '../../db/queries/usage.ts';
import { instances } from '../../db/schema/instances.ts';
import { operations } from '../../db/schema/operations.ts';
import { bucketTimes, historyWindow } from '../../domain/usage/history-window.ts';
import { stateAfter } from '../../domain/usage/sleep-changes.ts';
import { averages, deltasOf } from '../../domain/usage/state-history.ts';
import { startOf, usageWindow } from '../../domain/usage/usage-window.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let database: Database;
before(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url);
  database = createDatabase(postgres.url);
});
after(async () => {
  await database?.close();
  await postgres?.stop();
});

const now = new Date('2026-11-30T12:00:00Z');
const window = usageWindow(now);
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);

interface Given {
  readonly type: OperationType;
  readonly daysAgo: number;
  readonly state?: 'succeeded' | 'failed' | 'running';
  readonly actor?: string;
}

async function insert(uid: string, given: readonly Given[], project = 'alpha'): Promise<void> {
  await database.query((db) =>
    db.insert(instances).values({ project, name: uid, uid }).onConflictDoNothing(),
  );
  if (given.length === 0) return;
  const rows = given.map(({ type, daysAgo: ago, state = 'succeeded', actor = 'anna' }) => {
    const [id, finishedAt] = [randomUUID(), state === 'running' ? null : daysAgo(ago)];
    const more = {
      idempotencyKey: id,
      expectedMs: 1,
      createdAt: daysAgo(ago),
      finishedAt,
      projectUid: 'p-uid',
    };
    return { id, type, project, name: uid, uid, state, actor, ...more };
  });
  await database.query((db) => db.insert(operations).values(rows));
}

const usageIn = (projects?: string[]) => database.query((db) => listUsage(db, window, { projects }));
const days = (seconds: number) => Math.round((seconds / 86_400) * 1000) / 1000;

/** Seconds in a state, counted change by change. */
function countedSeconds(given: readonly Given[], state: 'awake' | 'asleep', from: Date, to: Date): number {
  const changes = given
    .filter(({ type, state: ended = 'succeeded' }) => ended === 'succeeded' && stateAfter[type] !== null)
    .toSorted((a, b) => b.daysAgo - a.daysAgo);
  return changes.reduce((sum, change, index) => {
    const next = changes[index + 1];
    const end = Math.min(next === undefined ? now.getTime() : daysAgo(next.daysAgo).getTime(), to.getTime());
    const begin = Math.max(daysAgo(change.daysAgo).getTime(), from.getTime());
    return sum + (stateAfter[change.type] === state ? Math.max(0, end - begin) / 1000 : 0);
  }, 0);
}

describe('recorded usage', () => {
  it('counts from the ends of operations that succeeded, also of one that changed long before', async () => {
    await insert('steady', [{ type: 'create', daysAgo: 300 }], 'counted');
    await insert(
      'nightly',
      [
        { type: 'create', daysAgo: 10 },
        { type: 'sleep', daysAgo: 6 },
        { type: 'update', daysAgo: 5 },
        { type: 'wake', daysAgo: 4, state: 'failed' },
        { type: 'restore', daysAgo: 3.5 },
        { type: 'wake', daysAgo: 2 },
        { type: 'sleep', daysAgo: 1, state: 'running' },
      ],
      'counted',
    );
    await insert(
      'gone',
      [
        { type: 'create', daysAgo: 50 },
        { type: 'delete', daysAgo: 20 },
      ],
      'counted',
    );
    await insert(
      'long-gone',
      [
        { type: 'create', daysAgo: 200 },
        { type: 'delete', daysAgo: 100 },
      ],
      'counted',
    );
    await insert('never', [{ type: 'create', daysAgo: 3, state: 'failed' }], 'counted');
    await insert('elsewhere', [{ type: 'create', daysAgo: 3 }], 'other');
    const found = (await usageIn(['counted'])).toSorted((a, b) => a.uid.localeCompare(b.uid));
    assert.deepEqual(
      found.map(({ uid, projectUid, use }) => [
        uid,
        projectUid,
        ...[use.awakeSevenDays, use.asleepSevenDays, use.awakeThirtyDays, use.asleepThirtyDays].map(days),
      ]),
      [
        ['gone', 'p-uid', 0, 0, 10, 0],
        ['nightly', 'p-uid', 3, 4, 6, 4],
        ['steady', 'p-uid', 7, 0, 30, 0],
      ],
    );
    assert.deepEqual(
      found.map(({ use }) => use.last?.type),
      ['delete', 'wake', 'create'],
    );
    assert.deepEqual(await usageIn([]), []);
    assert.equal((await usageIn()).length, 4);
  });

  it('is what counting change by change gives, whatever happened', async () => {
    const change = fc.record({
      type: fc.constantFrom<OperationType>('create', 'wake', 'sleep', 'delete', 'update'),
      daysAgo: fc.integer({ min: 1, max: 90 * 1440 }).map((minutes) => minutes / 1440),
      state: fc.constantFrom('succeeded', 'succeeded', 'succeeded', 'failed'),
    });
    // One operation of an instance ends at a time.
    const history = fc.uniqueArray(change, { maxLength: 12, selector: ({ daysAgo }) => daysAgo });
    const histories = fc.array(history, { minLength: 20, maxLength: 20 });
    const [all = []] = fc.sample(histories, 1);
    for (const [index, given] of all.entries()) await insert(`any-${index}`, given, 'any');
    const found = new Map((await usageIn(['any'])).map(({ uid, use }) => [uid, use]));
    for (const [index, given] of all.entries()) {
      const use = found.get(`any-${index}`);
      for (const [field, state, from, to] of [
        ['awakeSevenDays', 'awake', window.sevenDays, now],
        ['asleepSevenDays', 'asleep', window.sevenDays, now],
        ['awakeThirtyDays', 'awake', window.thirtyDays, now],
        ['asleepThirtyDays', 'asleep', window.thirtyDays, now],
        ['asleepThisMonth', 'asleep', window.month, now],
        ['asleepLastMonth', 'asleep', window.lastMonth, window.month],
      ] as const)
        assert.ok(
          Math.abs((use?.[field] ?? 0) - countedSeconds(given, state, from, to)) < 1,
          `${field} of ${JSON.stringify(given)}: ${use?.[field]}`,
        );
    }
  });

  it('is counted over time as change by change, of those that are asked for', async () => {
    const change = fc.record({
      type: fc.constantFrom<OperationType>('create', 'wake', 'sleep', 'delete', 'update'),
      daysAgo: fc.integer({ min: 1, max: 60 * 1440 }).map((minutes) => minutes / 1440),
    });
    const history = fc.uniqueArray(change, { maxLength: 12, selector: ({ daysAgo }) => daysAgo });
    const [all = []] = fc.sample(fc.array(history, { minLength: 20, maxLength: 20 }), 1);
    for (const [index, given] of all.entries()) await insert(`charted-${index}`, given, 'charted');
    const asked = { from: daysAgo(40), to: daysAgo(5.3), step: 'day' } as const;
    const charted = historyWindow(asked, now);
    assert.ok(!('fault' in charted));
    const shown = async (filter: Partial<StateFilter>) => {
      const of = { projects: ['charted'], counted: 'all', ...filter } as const;
      return averages(charted, await database.query((db) => listStateDeltas(db, charted, of)));
    };
    const everything = await shown({});
    assert.equal(everything.length, 36);
    for (const [bucket, shownThere] of everything.entries())
      for (const state of ['awake', 'asleep'] as const) {
        const { begin, end } = bucketTimes(charted, bucket);
        const seconds = all.reduce(
          (sum, given) => sum + countedSeconds(given, state, new Date(begin), new Date(end)),
          0,
        );
        const mean = seconds / ((end - begin) / 1000);
        assert.ok(Math.abs(shownThere[state] - mean) <= 0.051, `${bucket} ${state}: ${mean}`);
      }
    const deltas = all.flatMap((given) =>
      deltasOf(
        charted,
        given
          .filter(({ type }) => stateAfter[type] !== null)
          .toSorted((a, b) => b.daysAgo - a.daysAgo)
          .map(({ type, daysAgo: ago }) => ({
            at: daysAgo(ago).getTime(),
            state: stateAfter[type] ?? 'gone',
            isByPolicy: false,
          })),
      ),
    );
    assert.deepEqual(everything, averages(charted, deltas), 'as it is counted without a database');
    const none = everything.map(({ at }) => ({ at, awake: 0, asleep: 0 }));
    assert.deepEqual(await shown({ counted: { uids: [], projects: [] } }), none);
    assert.deepEqual(await shown({ kinds: ['space'] }), none);
    const ofProject = { uids: [], projects: [{ kind: 'tenant', uid: 'p-uid' }] } as const;
    assert.deepEqual(await shown({ counted: ofProject }), everything);
    const uids = all.map((_given, index) => `charted-${index}`);
    assert.deepEqual(await shown({ counted: { uids, projects: [] } }), everything);
    const recorded = uids.filter((_uid, index) => all[index]?.some(({ type }) => stateAfter[type] !== null));
    assert.deepEqual(
      (await database.query((db) => recordedUids(db, [...uids, 'never-there']))).sort(),
      recorded.sort(),
    );
  });

  it('has the changes themselves, and who asked for them', async () => {
    await insert(
      'told',
      [
        { type: 'create', daysAgo: 70 },
        { type: 'sleep', daysAgo: 40, actor: 'schedule' },
        { type: 'wake', daysAgo: 20 },
        { type: 'sleep', daysAgo: 10, actor: 'inactivity' },
      ],
      'told',
    );
    const [history, ...others] = await database.query((db) =>
      listSleepHistories(db, startOf(window), { projects: ['told'] }),
    );
    assert.deepEqual(others, []);
    assert.deepEqual(
      history?.changes.map(({ at, state, isByPolicy }) => [
        days((now.getTime() - at) / 1000),
        state,
        isByPolicy,
      ]),
      [
        [70, 'awake', false],
        [40, 'asleep', true],
        [20, 'awake', false],
        [10, 'asleep', true],
      ],
    );
  });
});

describe('hours of use', () => {
  it('are kept once each, with their first and last use, for a month', async () => {
    const note = (uid: string, ...times: Date[]) =>
      database.query((db) =>
        noteActivityHours(
          db,
          times.map((at) => ({ uid, at })),
        ),
      );
    const today = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000);
    const at = (minutes: number) => new Date(today.getTime() + minutes * 60_000);
    await note('old', at(-32 * 24 * 60));
    assert.deepEqual(await database.query((db) => activityRecordedSince(db)), at(-32 * 24 * 60));
    await note('one', at(5), at(59));
    await note('one', at(-10), at(20));
    await note('one', at(2));
    await note('two', at(1));
    const hours = await database.query((db) => listActivityHours(db, ['one'], at(-600)));
    assert.deepEqual(hours, [
      { uid: 'one', firstAt: at(-10), lastAt: at(-10) },
      { uid: 'one', firstAt: at(2), lastAt: at(59) },
    ]);
    assert.deepEqual(await database.query((db) => activityRecordedSince(db)), at(-10));
    await note('none');
  });
});
