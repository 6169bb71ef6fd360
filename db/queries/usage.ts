import { type SQL, sql } from 'drizzle-orm';
import type { ManagedKind } from '../../contracts/kinds.ts';
import type { RecordedUse } from '../../domain/usage/slept-status.ts';
import type { HistoryWindow } from '../../domain/usage/history-window.ts';
import type { StateDelta } from '../../domain/usage/state-history.ts';
import { startOf, type UsageWindow } from '../../domain/usage/usage-window.ts';
import {
  changingVerbs,
  isPolicyActor,
  type SleepChange,
  stateAfter,
} from '../../domain/usage/sleep-changes.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import type { Queries } from '../client.ts';
import { changed } from '../schema/operations.ts';
import { type CountedRecords, isCounted, textArray } from './counted-records.ts';

/** Of which instance a record is. */
export interface UsageSubject {
  readonly kind: ManagedKind;
  readonly project: string;
  readonly name: string;
  readonly uid: string;
  readonly projectUid: string | undefined;
}

/** What is recorded of an instance. */
export interface UsageRow extends UsageSubject {
  readonly use: RecordedUse;
}

/** Which instances are asked about; left out: all. */
export interface UsageFilter {
  readonly projects?: readonly string[] | undefined;
}

const asleepAfter = list(changingVerbs.filter((verb) => stateAfter[verb] === 'asleep'));
const awakeAfter = list(changingVerbs.filter((verb) => stateAfter[verb] === 'awake'));

/** Time awake and asleep of all instances that were there in the time of `window`. @throws PlatformError `database_unavailable` */
export async function listUsage(
  db: Queries,
  window: UsageWindow,
  { projects }: UsageFilter = {},
): Promise<UsageRow[]> {
  const { rows } = await db.execute<Record<string, string>>(sql`
    with ${changesSince(startOf(window), projects)}, spans as (
      select *, lead(finished_at, 1, ${time(window.now)}) over (partition by uid order by finished_at, sequence) as until
      from changed)
    select kind, project, name, uid, max(project_uid) as project_uid,
      ${seconds(awakeAfter, window.sevenDays, window.now)} as awake_seven_days,
      ${seconds(asleepAfter, window.sevenDays, window.now)} as asleep_seven_days,
      ${seconds(awakeAfter, window.thirtyDays, window.now)} as awake_thirty_days,
      ${seconds(asleepAfter, window.thirtyDays, window.now)} as asleep_thirty_days,
      ${seconds(asleepAfter, window.month, window.now)} as asleep_this_month,
      ${seconds(asleepAfter, window.lastMonth, window.month)} as asleep_last_month,
      (array_agg(type order by finished_at desc, sequence desc))[1] as last_type,
      (array_agg(actor order by finished_at desc, sequence desc))[1] as last_actor,
      extract(epoch from max(finished_at)) * 1000 as last_at
    from spans group by kind, project, name, uid`);
  return rows.map((row) => {
    const number = (name: string) => Number(row[name]);
    const type = row['last_type'] as OperationType;
    const use: RecordedUse = {
      awakeSevenDays: number('awake_seven_days'),
      asleepSevenDays: number('asleep_seven_days'),
      awakeThirtyDays: number('awake_thirty_days'),
      asleepThirtyDays: number('asleep_thirty_days'),
      asleepThisMonth: number('asleep_this_month'),
      asleepLastMonth: number('asleep_last_month'),
      last: {
        type,
        state: stateAfter[type] ?? 'gone',
        at: Math.round(number('last_at')),
        actor: row['last_actor'] ?? '',
      },
    };
    return { ...subjectOf(row), use };
  });
}

/** The changes of one instance since some time, oldest first; the first of them may be before it. */
export interface SleepHistory extends UsageSubject {
  readonly changes: readonly SleepChange[];
}

/** The changes of all instances that were there since `from`. @throws PlatformError `database_unavailable` */
export async function listSleepHistories(
  db: Queries,
  from: Date,
  { projects }: UsageFilter,
): Promise<SleepHistory[]> {
  const { rows } = await db.execute<Record<string, string>>(sql`
    with ${changesSince(from, projects)}
    select kind, project, name, uid, project_uid, type, actor, extract(epoch from finished_at) * 1000 as at
    from changed order by uid, finished_at, sequence`);
  return [...Map.groupBy(rows, ({ uid }) => uid).values()].flatMap((ofOne) => {
    const [first] = ofOne;
    return first === undefined ? [] : [{ ...subjectOf(first), changes: ofOne.map(changeOf) }];
  });
}

/** Which of all states are counted. */
export interface StateFilter extends UsageFilter {
  /** Left out: all. */
  readonly kinds?: readonly ManagedKind[] | undefined;
  readonly counted: CountedRecords | 'all';
}

/** How many instances woke and fell asleep in each bucket; those that were there before, in the first. @throws PlatformError `database_unavailable` */
export async function listStateDeltas(
  db: Queries,
  window: HistoryWindow,
  { projects, kinds, counted }: StateFilter,
): Promise<StateDelta[]> {
  const [from, to] = [time(window.from), time(window.to)];
  const step = sql`make_interval(secs => ${window.stepMs / 1000})`;
  const entered = (after: SQL) => sql`(type in (${after}))::int
    - coalesce(lag((type in (${after}))::int) over (partition by uid order by finished_at, sequence), 0)`;
  const secondsLeft = sql`extract(epoch from least(${from} + (bucket + 1) * ${step}, ${to}) - at)::float8`;
  const { rows } = await db.execute<Record<string, string | number>>(sql`
    with ${changesSince(window.from, projects)}, entered as (
      select greatest(finished_at, ${from}) as at, ${entered(awakeAfter)} as awake, ${entered(asleepAfter)} as asleep
      from changed where finished_at < ${to} and ${isCounted(counted)}
        and ${kinds === undefined ? sql`true` : sql`kind in (${list(kinds)})`}
    ), placed as (
      select *, floor(extract(epoch from at - ${from}) / ${window.stepMs / 1000})::int as bucket
      from entered where awake <> 0 or asleep <> 0)
    select bucket, sum(awake)::int as awake, sum(asleep)::int as asleep,
      sum(awake * ${secondsLeft}) as awake_seconds, sum(asleep * ${secondsLeft}) as asleep_seconds
    from placed group by bucket order by bucket`);
  return rows.map((row) => ({
    bucket: Number(row['bucket']),
    awake: Number(row['awake']),
    asleep: Number(row['asleep']),
    awakeSeconds: Number(row['awake_seconds']),
    asleepSeconds: Number(row['asleep_seconds']),
  }));
}

/** Those of `uids` of which a change of their state is recorded. @throws PlatformError `database_unavailable` */
export async function recordedUids(db: Queries, uids: readonly string[]): Promise<string[]> {
  const { rows } = await db.execute<{ uid: string }>(sql`
    select uid from unnest(${textArray(uids)}) as asked(uid)
    where exists (select from operations where ${changed} and operations.uid = asked.uid)`);
  return rows.map(({ uid }) => uid);
}

function changeOf(row: Record<string, string>): SleepChange {
  return {
    at: Math.round(Number(row['at'])),
    state: stateAfter[row['type'] as OperationType] ?? 'gone',
    isByPolicy: isPolicyActor(row['actor'] ?? ''),
  };
}

/**
 * SQL: `changed`, the changes since `from`, and for each instance that may have been there before the last one until then: where
 * it stood. One that was deleted before is left out.
 */
function changesSince(from: Date, projects: readonly string[] | undefined): SQL {
  const ofProjects = projects === undefined ? sql`true` : sql`project in (${list(projects)})`;
  const since = time(from);
  return sql`recent as (
      select kind, project, name, uid, project_uid, type, actor, finished_at, sequence from operations
      where ${changed} and finished_at >= ${since} and ${ofProjects}
    ), there as (
      select uid from instances where ${ofProjects} union select uid from recent
    ), changed as (
      select * from recent
      union all
      select before.* from there cross join lateral (
        select kind, project, name, uid, project_uid, type, actor, finished_at, sequence from operations
        where ${changed} and operations.uid = there.uid and finished_at < ${since} and ${ofProjects}
        order by finished_at desc, sequence desc limit 1
      ) before where before.type <> 'delete'
    )`;
}

/** SQL: seconds between two times in a state that one of `after` leaves behind. */
function seconds(after: SQL, from: Date, to: Date): SQL {
  return sql`coalesce(sum(extract(epoch from
      least(until, ${time(to)}) - greatest(finished_at, ${time(from)}))::float8)
    filter (where type in (${after}) and until > ${time(from)} and finished_at < ${time(to)}), 0)`;
}

function subjectOf(row: Record<string, string | null>): UsageSubject {
  const text = (name: string) => row[name] ?? '';
  return {
    kind: text('kind') as ManagedKind,
    project: text('project'),
    name: text('name'),
    uid: text('uid'),
    projectUid: row['project_uid'] ?? undefined,
  };
}

function list(values: readonly string[]): SQL {
  return values.length === 0
    ? sql`null`
    : sql.join(
        values.map((value) => sql`${value}`),
        sql`, `,
      );
}

function time(date: Date): SQL {
  return sql`${date.toISOString()}::timestamptz`;
}
