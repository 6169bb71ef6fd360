import { and, eq, gte, isNull } from 'drizzle-orm';
import type { Queries } from '../client.ts';
import { operations } from '../schema/operations.ts';
import { snapshots } from '../schema/snapshots.ts';

/**
 * Gives records from before they had the uid of their project to the project that had the name when they were made: names
 * are taken by one at a time, so what is not older than this one is its own. Idempotent.
 */
export async function bindRecordsOfProject(
  db: Queries,
  { name, uid, since }: { name: string; uid: string; since: Date },
): Promise<void> {
  await db
    .update(operations)
    .set({ projectUid: uid })
    .where(
      and(eq(operations.project, name), isNull(operations.projectUid), gte(operations.createdAt, since)),
    );
  await db
    .update(snapshots)
    .set({ projectUid: uid })
    .where(and(eq(snapshots.project, name), eq(snapshots.projectUid, ''), gte(snapshots.createdAt, since)));
}
