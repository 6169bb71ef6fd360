import { and, eq } from 'drizzle-orm';
import { kindOf, type ManagedKind, type OperationTarget } from '../../contracts/kinds.ts';
import type { Queries } from '../client.ts';
import { operations } from '../schema/operations.ts';
import { type TenantRow, tenants } from '../schema/tenants.ts';
import { isOfTarget } from './operations.ts';

/**
 * The row of a tenant cluster or space, made if need be and locked until the transaction ends. A new uid under an old name
 * takes the row over and forgets where the former one ran.
 */
export async function lockTenant(tx: Queries, tenant: OperationTarget & { uid: string }): Promise<TenantRow> {
  await tx
    .insert(tenants)
    .values({ kind: tenant.kind, project: tenant.project, name: tenant.name, uid: tenant.uid })
    .onConflictDoNothing();
  const [row] = await tx.select().from(tenants).where(isTarget(tenant)).for('update');
  if (!row) throw new Error(`tenant ${tenant.project}/${tenant.name} vanished under its lock`);
  if (row.uid === tenant.uid) return row;
  const [renewed] = await tx
    .update(tenants)
    .set({ uid: tenant.uid, cluster: null, hostNamespace: null })
    .where(isTarget(tenant))
    .returning();
  return renewed ?? row;
}

/** One instance, and where it is. */
interface InstancePlacement {
  readonly kind?: ManagedKind;
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
export async function placeTenantRow(db: Queries, placed: InstancePlacement): Promise<void> {
  const { cluster, hostNamespace } = placed;
  const tenant = { ...placed, kind: kindOf(placed) };
  await db
    .update(tenants)
    .set({ cluster, hostNamespace })
    .where(and(isTarget(tenant), eq(tenants.uid, tenant.uid)));
  await db
    .update(operations)
    .set({ cluster })
    .where(and(isOfTarget(tenant), eq(operations.uid, tenant.uid), eq(operations.state, 'running')));
}

/** Where clause: the row of one tenant cluster or space. */
export function isTarget({ kind, project, name }: OperationTarget) {
  return and(eq(tenants.kind, kind), eq(tenants.project, project), eq(tenants.name, name));
}
