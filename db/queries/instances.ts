import { and, eq } from 'drizzle-orm';
import { kindOf, type OperationKind, type OperationSubject } from '../../contracts/kinds.ts';
import type { Queries } from '../client.ts';
import { operations } from '../schema/operations.ts';
import { type InstanceRow, instances } from '../schema/instances.ts';
import { isOfTarget } from './operations.ts';

/**
 * The row of what an operation is about, made if need be and locked until the transaction ends. A new uid under an old name
 * takes the row over and forgets where the previous one ran.
 */
export async function lockInstance(
  tx: Queries,
  target: OperationSubject & { uid: string },
): Promise<InstanceRow> {
  await tx
    .insert(instances)
    .values({ kind: target.kind, project: target.project, name: target.name, uid: target.uid })
    .onConflictDoNothing();
  const [row] = await tx.select().from(instances).where(isTarget(target)).for('update');
  if (!row) throw new Error(`instance ${target.project}/${target.name} vanished under its lock`);
  if (row.uid === target.uid) return row;
  const [renewed] = await tx
    .update(instances)
    .set({ uid: target.uid, cluster: null, hostNamespace: null })
    .where(isTarget(target))
    .returning();
  return renewed ?? row;
}

/** One instance, and where it is. */
interface InstancePlacement {
  readonly kind?: OperationKind;
  readonly project: string;
  readonly name: string;
  readonly uid: string;
  readonly cluster: string;
  readonly hostNamespace: string;
}

/**
 * Remembers where a tenant cluster or space is, so that later operations need not read the resource, and shows it with
 * the operation that runs.
 */
export async function placeInstanceRow(db: Queries, placed: InstancePlacement): Promise<void> {
  const { cluster, hostNamespace } = placed;
  const target = { ...placed, kind: kindOf(placed) };
  await db
    .update(instances)
    .set({ cluster, hostNamespace })
    .where(and(isTarget(target), eq(instances.uid, target.uid)));
  await db
    .update(operations)
    .set({ cluster })
    .where(and(isOfTarget(target), eq(operations.uid, target.uid), eq(operations.state, 'running')));
}

/** Where clause: the row of what an operation is about. */
export function isTarget({ kind, project, name }: OperationSubject) {
  return and(eq(instances.kind, kind), eq(instances.project, project), eq(instances.name, name));
}
