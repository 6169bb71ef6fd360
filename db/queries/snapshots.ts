import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, ne, notInArray } from 'drizzle-orm';
import type { Snapshot } from '../../contracts/operations.ts';
import type { Queries } from '../client.ts';
import { type SnapshotRow, snapshots } from '../schema/snapshots.ts';

/** Owner of the snapshots: the uid distinguishes a tenant cluster from a later one of the same name. */
export interface SnapshotOwner {
  readonly project: string;
  readonly tenantCluster: string;
  /** Empty: not known. */
  readonly uid: string;
}

/** Names one snapshot: whose it is, and its name. */
export interface SnapshotKey extends SnapshotOwner {
  readonly name: string;
}

/** Snapshots of a project's tenant clusters, deleted ones too, newest first; of one name if it is named. */
export async function listSnapshots(
  db: Queries,
  filter: { project: string; tenantCluster?: string | undefined; name?: string | undefined },
): Promise<Snapshot[]> {
  const rows = await db
    .select()
    .from(snapshots)
    .where(
      and(
        eq(snapshots.project, filter.project),
        filter.tenantCluster === undefined ? undefined : eq(snapshots.tenantCluster, filter.tenantCluster),
        filter.name === undefined ? undefined : eq(snapshots.name, filter.name),
      ),
    )
    .orderBy(desc(snapshots.createdAt));
  return rows.map(toSnapshot);
}

export async function getSnapshotRow(db: Queries, key: SnapshotKey): Promise<SnapshotRow | undefined> {
  const [row] = await db.select().from(snapshots).where(isSnapshot(key));
  return row;
}

/** Name of the newest complete snapshot. */
export async function findNewestSnapshot(db: Queries, owner: SnapshotOwner): Promise<string | undefined> {
  const [row] = await db
    .select({ name: snapshots.name })
    .from(snapshots)
    .where(
      and(
        eq(snapshots.project, owner.project),
        eq(snapshots.tenantCluster, owner.tenantCluster),
        eq(snapshots.uid, owner.uid),
        eq(snapshots.state, 'completed'),
      ),
    )
    .orderBy(desc(snapshots.createdAt))
    .limit(1);
  return row?.name;
}

/** The snapshot that an operation made. */
export async function findSnapshotOf(db: Queries, operationId: string): Promise<SnapshotRow | undefined> {
  const [row] = await db.select().from(snapshots).where(eq(snapshots.operationId, operationId));
  return row;
}

/** What a new entry says besides its key. */
export type NewSnapshot = Pick<SnapshotRow, 'operationId' | 'projectUid' | 'file'>;

/**
 * Enters a snapshot in state `creating` and gives its row. Undefined if the name is taken by another operation's
 * snapshot; the same operation may insert again, and a failed entry gives its name free.
 */
export async function insertSnapshot(
  db: Queries,
  key: SnapshotKey,
  entry: NewSnapshot,
): Promise<SnapshotRow | undefined> {
  const [row] = await db
    .insert(snapshots)
    .values({ ...keyOf(key), ...entry })
    .onConflictDoUpdate({
      target: [snapshots.project, snapshots.tenantCluster, snapshots.uid, snapshots.name],
      set: { ...entry, state: 'creating', createdAt: new Date() },
      setWhere: eq(snapshots.state, 'failed'),
    })
    .returning();
  if (row !== undefined) return row;
  const present = await getSnapshotRow(db, key);
  return present?.operationId === entry.operationId ? present : undefined;
}

/** What is known of a snapshot once it is complete. */
export type SnapshotFacts = Pick<SnapshotRow, 'sizeBytes' | 'sha256' | 'revision' | 'totalKeys'> & {
  kubernetesVersion?: string;
};

/** An operation makes one snapshot at most, so that it names it. */
export async function completeSnapshot(
  db: Queries,
  operationId: string,
  facts: SnapshotFacts,
): Promise<void> {
  await db
    .update(snapshots)
    .set({ ...facts, state: 'completed' })
    .where(eq(snapshots.operationId, operationId));
}

export async function failSnapshot(db: Queries, operationId: string): Promise<void> {
  await db.update(snapshots).set({ state: 'failed' }).where(eq(snapshots.operationId, operationId));
}

/** Removes the entry that an operation made, if it is complete or has failed; one that is being made stays. */
export async function deleteSnapshot(db: Queries, operationId: string): Promise<void> {
  await db
    .delete(snapshots)
    .where(and(eq(snapshots.operationId, operationId), ne(snapshots.state, 'creating')));
}

/** Likewise the entry whose file is at `file`: a path without a uid (of an earlier version) belongs to one snapshot only. */
export async function deleteLegacySnapshot(db: Queries, file: string): Promise<void> {
  await db.delete(snapshots).where(and(eq(snapshots.file, file), ne(snapshots.state, 'creating')));
}

function isSnapshot(key: SnapshotKey) {
  return and(
    eq(snapshots.project, key.project),
    eq(snapshots.tenantCluster, key.tenantCluster),
    eq(snapshots.uid, key.uid),
    eq(snapshots.name, key.name),
  );
}

function keyOf({ project, tenantCluster, uid, name }: SnapshotKey): SnapshotKey {
  return { project, tenantCluster, uid, name };
}

function toSnapshot(row: SnapshotRow): Snapshot {
  return {
    name: row.name,
    project: row.project,
    tenantCluster: row.tenantCluster,
    state: row.state,
    createdAt: row.createdAt.toISOString(),
    operationId: row.operationId,
    ...(row.uid === '' ? {} : { uid: row.uid }),
    ...(row.projectUid === '' ? {} : { projectUid: row.projectUid }),
    ...(row.goneAt === null ? {} : { goneAt: row.goneAt.toISOString() }),
    ...(row.sizeBytes === null ? {} : { sizeBytes: row.sizeBytes }),
    ...(row.sha256 === null ? {} : { sha256: row.sha256 }),
    ...(row.revision === null ? {} : { revision: row.revision }),
    ...(row.totalKeys === null ? {} : { totalKeys: row.totalKeys }),
    ...(row.kubernetesVersion === null ? {} : { kubernetesVersion: row.kubernetesVersion }),
  };
}

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
