import { and, desc, eq, ne } from 'drizzle-orm';
import type { Snapshot } from '../../contracts/operations.ts';
import type { Queries } from '../client.ts';
import { type SnapshotRow, snapshots } from '../schema/snapshots.ts';

/** Names one snapshot: whose it is, and its name. */
export interface SnapshotKey {
  readonly project: string;
  readonly tenantCluster: string;
  readonly name: string;
}

/** Snapshots of a project, newest first; of one tenant cluster if it is named. */
export async function listSnapshots(
  db: Queries,
  filter: { project: string; tenantCluster?: string | undefined },
): Promise<Snapshot[]> {
  const rows = await db
    .select()
    .from(snapshots)
    .where(
      and(
        eq(snapshots.project, filter.project),
        filter.tenantCluster === undefined ? undefined : eq(snapshots.tenantCluster, filter.tenantCluster),
      ),
    )
    .orderBy(desc(snapshots.createdAt));
  return rows.map(toSnapshot);
}

export async function getSnapshot(db: Queries, key: SnapshotKey): Promise<Snapshot | undefined> {
  const [row] = await db.select().from(snapshots).where(isSnapshot(key));
  return row && toSnapshot(row);
}

/**
 * Enters a snapshot in state `creating`. False if the name is taken by another operation's snapshot; the same
 * operation may insert again, and a failed entry gives its name free.
 */
export async function insertSnapshot(db: Queries, key: SnapshotKey, operationId: string): Promise<boolean> {
  const rows = await db
    .insert(snapshots)
    .values({ ...key, operationId })
    .onConflictDoUpdate({
      target: [snapshots.project, snapshots.tenantCluster, snapshots.name],
      set: { operationId, state: 'creating', createdAt: new Date() },
      setWhere: eq(snapshots.state, 'failed'),
    })
    .returning();
  if (rows.length > 0) return true;
  return (await getSnapshot(db, key))?.operationId === operationId;
}

/** What is known of a snapshot once it is complete. */
export type SnapshotFacts = Pick<SnapshotRow, 'sizeBytes' | 'sha256' | 'revision' | 'totalKeys'> & {
  kubernetesVersion?: string;
};

export async function completeSnapshot(
  db: Queries,
  key: SnapshotKey,
  operationId: string,
  facts: SnapshotFacts,
): Promise<void> {
  await db
    .update(snapshots)
    .set({ ...facts, state: 'completed' })
    .where(and(isSnapshot(key), eq(snapshots.operationId, operationId)));
}

export async function failSnapshot(db: Queries, key: SnapshotKey, operationId: string): Promise<void> {
  await db
    .update(snapshots)
    .set({ state: 'failed' })
    .where(and(isSnapshot(key), eq(snapshots.operationId, operationId)));
}

/** Removes an entry that is complete or has failed; one that is being made stays. */
export async function deleteSnapshot(db: Queries, key: SnapshotKey): Promise<void> {
  await db.delete(snapshots).where(and(isSnapshot(key), ne(snapshots.state, 'creating')));
}

function isSnapshot(key: SnapshotKey) {
  return and(
    eq(snapshots.project, key.project),
    eq(snapshots.tenantCluster, key.tenantCluster),
    eq(snapshots.name, key.name),
  );
}

function toSnapshot(row: SnapshotRow): Snapshot {
  return {
    name: row.name,
    project: row.project,
    tenantCluster: row.tenantCluster,
    state: row.state,
    createdAt: row.createdAt.toISOString(),
    operationId: row.operationId,
    ...(row.sizeBytes === null ? {} : { sizeBytes: row.sizeBytes }),
    ...(row.sha256 === null ? {} : { sha256: row.sha256 }),
    ...(row.revision === null ? {} : { revision: row.revision }),
    ...(row.totalKeys === null ? {} : { totalKeys: row.totalKeys }),
    ...(row.kubernetesVersion === null ? {} : { kubernetesVersion: row.kubernetesVersion }),
  };
}
