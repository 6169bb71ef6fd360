import { eq, inArray, sql } from 'drizzle-orm';
import type { Queries } from '../client.ts';
import { type InstanceActivityRow, instanceActivity } from '../schema/instance-activity.ts';

/** A use that a gateway saw. */
export interface SeenUse extends Omit<InstanceActivityRow, 'at' | 'recordedAt'> {
  /** Milliseconds since then: clocks of gateways differ. */
  readonly agoMs: number;
  /** At least so long between two records. */
  readonly intervalMs: number;
}

/** What became of a claim. */
export interface ActivityClaim {
  readonly uid: string;
  /** When it was used, in seconds since the epoch, if the claim succeeded. */
  readonly at: number | undefined;
  /** Milliseconds since another recorded it, and since the use that it recorded, if it did not. */
  readonly otherAgoMs: number;
  readonly otherUseAgoMs: number;
}

/**
 * Claims the record of the last use of instances: one succeeds for each within its interval, through however many gateways. A row
 * from the future (a clock was set back) is claimed, too. No two may have the same uid.
 */
export async function claimActivity(db: Queries, seen: readonly SeenUse[]): Promise<ActivityClaim[]> {
  const given = JSON.stringify(seen);
  const { rows } = await db.execute<{ uid: string; at: string | null; other: string; used: string }>(sql`
    with given as (
      select *, now() - make_interval(secs => "agoMs" / 1000) as at
      from jsonb_to_recordset(${given}::jsonb) as r(uid text, subject text, host text, verb text, "apiGroup" text,
        resource text, subresource text, name text, "userAgent" text, "agoMs" float8, "intervalMs" float8)
    ), claimed as (
      insert into instance_activity as old (uid, at, recorded_at, subject, host, verb, api_group, resource, subresource, name, user_agent)
      select uid, at, now(), subject, host, verb, "apiGroup", resource, subresource, name, "userAgent" from given
      order by uid -- two gateways take the rows in the same order
      on conflict (uid) do update set at = excluded.at, recorded_at = excluded.recorded_at, subject = excluded.subject,
        host = excluded.host, verb = excluded.verb, api_group = excluded.api_group, resource = excluded.resource,
        subresource = excluded.subresource, name = excluded.name, user_agent = excluded.user_agent
      where old.recorded_at > now() or (old.at < excluded.at and old.recorded_at <= now() - make_interval(secs =>
        (select "intervalMs" from given where given.uid = old.uid) / 1000))
      returning uid, at
    )
    select given.uid, extract(epoch from claimed.at) as at,
      extract(epoch from now() - before.recorded_at) * 1000 as other, extract(epoch from now() - before.at) * 1000 as used
    from given left join claimed using (uid) left join instance_activity before using (uid)`);
  return rows.map(({ uid, at, other, used }) => ({
    uid,
    at: at === null ? undefined : Math.floor(Number(at)),
    otherAgoMs: Number(other),
    otherUseAgoMs: Number(used),
  }));
}

/** When an instance was used last, as far as it was recorded. */
export async function recordedUse(db: Queries, uid: string): Promise<Date | undefined> {
  const { at } = instanceActivity;
  const [row] = await db.select({ at }).from(instanceActivity).where(eq(instanceActivity.uid, uid));
  return row?.at;
}

/** Uids of all instances that have a row. */
export async function listActivityUids(db: Queries): Promise<string[]> {
  const rows = await db.select({ uid: instanceActivity.uid }).from(instanceActivity);
  return rows.map(({ uid }) => uid);
}

/** Removes the rows of instances that are gone. */
export async function removeActivity(db: Queries, uids: readonly string[]): Promise<void> {
  if (uids.length > 0) await db.delete(instanceActivity).where(inArray(instanceActivity.uid, [...uids]));
}
