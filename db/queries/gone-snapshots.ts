import { and, asc, inArray, isNotNull, isNull, lt, ne, notInArray } from 'drizzle-orm';
import type { Queries } from '../client.ts';
import { snapshots } from '../schema/snapshots.ts';

/** Notes which snapshots are of tenant clusters that are gone; of which uids there are all, none is. */
export async function markGoneSnapshots(db: Queries, present: readonly string[], now: Date): Promise<void> {
  const uids = [...present];
  await db
    .update(snapshots)
    .set({ goneAt: now })
    .where(and(isNull(snapshots.goneAt), uids.length === 0 ? undefined : notInArray(snapshots.uid, uids)));
  // The management API was brought back from a backup.
  if (uids.length > 0)
    await db
      .update(snapshots)
      .set({ goneAt: null })
      .where(and(isNotNull(snapshots.goneAt), inArray(snapshots.uid, uids)));
}

/** Operations that made snapshots of what was gone before `time`, oldest first. */
export async function listGoneSnapshots(db: Queries, time: Date, limit: number): Promise<string[]> {
  const rows = await db
    .select({ operationId: snapshots.operationId })
    .from(snapshots)
    .where(and(lt(snapshots.goneAt, time), ne(snapshots.state, 'creating')))
    .orderBy(asc(snapshots.goneAt))
    .limit(limit);
  return rows.map(({ operationId }) => operationId);
}

/** uids of the projects that have snapshots. */
export async function listKeptProjects(db: Queries): Promise<string[]> {
  const rows = await db
    .select({ uid: snapshots.projectUid })
    .from(snapshots)
    .where(ne(snapshots.projectUid, ''))
    .groupBy(snapshots.projectUid);
  return rows.map(({ uid }) => uid);
}
