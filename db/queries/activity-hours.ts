import { and, asc, gte, inArray, sql } from 'drizzle-orm';
import type { Queries } from '../client.ts';
import { instanceActivityHours } from '../schema/instance-activity-hours.ts';

/** Previews look back for 30 days; a day more, so that none begins in the middle of what is known. */
const keptDays = 31;
/** Of what is too old, removed with each write: more than a write adds. */
const removedAtOnce = 100;

/** Of which instance (by its uid) a use was recorded, and when. */
interface RecordedActivity {
  readonly uid: string;
  readonly at: Date;
}

/**
 * Notes the hours in which instances were used, each once, and removes some of what is too old. Noting the same again changes
 * nothing.
 */
export async function noteActivityHours(db: Queries, used: readonly RecordedActivity[]): Promise<void> {
  if (used.length === 0) return;
  await db.execute(sql`
    with old as (
      delete from instance_activity_hours where (uid, hour) in (
        select uid, hour from instance_activity_hours where hour < now() - make_interval(days => ${keptDays})
        order by hour limit ${removedAtOnce} for update skip locked)
    ), used as (
      select uid, date_trunc('hour', at, 'UTC') as hour, min(at) as first_at, max(at) as last_at
      from jsonb_to_recordset(${JSON.stringify(used)}::jsonb) as r(uid text, at timestamptz) group by 1, 2)
    insert into instance_activity_hours as known (uid, hour, first_at, last_at)
    select uid, hour, first_at, last_at from used order by uid, hour -- two gateways take the rows in the same order
    on conflict (uid, hour) do update set
      first_at = least(known.first_at, excluded.first_at), last_at = greatest(known.last_at, excluded.last_at)
    where excluded.first_at < known.first_at or excluded.last_at > known.last_at`);
}

/** When an instance was used, within one hour. */
export interface UsedHour {
  readonly uid: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Hours since `from` in which instances were used, in order. */
export async function listActivityHours(
  db: Queries,
  uids: readonly string[],
  from: Date,
): Promise<UsedHour[]> {
  const { uid, hour, firstAt, lastAt } = instanceActivityHours;
  return db
    .select({ uid, firstAt, lastAt })
    .from(instanceActivityHours)
    .where(and(inArray(uid, [...uids]), gte(hour, from)))
    .orderBy(asc(uid), asc(hour));
}

/** Since when use is recorded, of any instance; undefined: nothing was used yet. */
export async function activityRecordedSince(db: Queries): Promise<Date | undefined> {
  const [oldest] = await db
    .select({ firstAt: instanceActivityHours.firstAt })
    .from(instanceActivityHours)
    .orderBy(asc(instanceActivityHours.hour), asc(instanceActivityHours.firstAt))
    .limit(1);
  return oldest?.firstAt;
}
