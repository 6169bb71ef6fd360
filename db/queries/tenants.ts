import { and, eq } from 'drizzle-orm';
import type { Subject } from '../../contracts/operations.ts';
import type { SpaceRef } from '../../contracts/space-ref.ts';
import type { TenantRef } from '../../contracts/tenant-ref.ts';
import type { Queries } from '../client.ts';
import { operations } from '../schema/operations.ts';
import { type TenantRow, tenants } from '../schema/tenants.ts';
import { isOfSubject } from './operations.ts';

/**
 * The row of a tenant cluster or space, made if need be and locked until the transaction ends. A new uid under an old name
 * takes the row over and forgets where the former one ran.
 */
export async function lockTenant(tx: Queries, tenant: Subject & { uid: string }): Promise<TenantRow> {
  await tx
    .insert(tenants)
    .values({ kind: tenant.kind, project: tenant.project, name: tenant.name, uid: tenant.uid })
    .onConflictDoNothing();
  const [row] = await tx.select().from(tenants).where(isSubject(tenant)).for('update');
  if (!row) throw new Error(`tenant ${tenant.project}/${tenant.name} vanished under its lock`);
  if (row.uid === tenant.uid) return row;
  const [renewed] = await tx
    .update(tenants)
    .set({ uid: tenant.uid, cluster: null, hostNamespace: null })
    .where(isSubject(tenant))
    .returning();
  return renewed ?? row;
}

/**
 * Remembers where a tenant cluster or space is, so that later operations need not read the resource, and shows it with
 * the operation that runs.
 */
export async function placeTenantRow(db: Queries, placed: TenantRef | SpaceRef): Promise<void> {
  const { cluster, hostNamespace } = placed;
  const tenant = { ...placed, kind: placed.kind ?? ('tenant' as const) };
  await db
    .update(tenants)
    .set({ cluster, hostNamespace })
    .where(and(isSubject(tenant), eq(tenants.uid, tenant.uid)));
  await db
    .update(operations)
    .set({ cluster })
    .where(and(isOfSubject(tenant), eq(operations.uid, tenant.uid), eq(operations.state, 'running')));
}

/** Where clause: the row of one tenant cluster or space. */
export function isSubject({ kind, project, name }: Subject) {
  return and(eq(tenants.kind, kind), eq(tenants.project, project), eq(tenants.name, name));
}
