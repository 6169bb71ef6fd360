import { and, eq } from 'drizzle-orm';
import type { UnplacedTenant } from '../../contracts/tenant-ref.ts';
import type { Queries } from '../client.ts';
import { operations } from '../schema/operations.ts';
import { type TenantRow, tenants } from '../schema/tenants.ts';
import { isOfTenant } from './operations.ts';

/**
 * The tenant cluster's row, made if need be and locked until the transaction ends. A new uid under an old name
 * takes the row over and forgets where the former one ran.
 */
export async function lockTenant(tx: Queries, tenant: UnplacedTenant): Promise<TenantRow> {
  await tx
    .insert(tenants)
    .values({ project: tenant.project, name: tenant.name, uid: tenant.uid })
    .onConflictDoNothing();
  const [row] = await tx.select().from(tenants).where(isTenant(tenant)).for('update');
  if (!row) throw new Error(`tenant ${tenant.project}/${tenant.name} vanished under its lock`);
  if (row.uid === tenant.uid) return row;
  const [renewed] = await tx
    .update(tenants)
    .set({ uid: tenant.uid, cluster: null, hostNamespace: null })
    .where(isTenant(tenant))
    .returning();
  return renewed ?? row;
}

/**
 * Remembers where a tenant cluster runs, so that later operations need not read the resource, and shows it with
 * the operation that runs.
 */
export async function placeTenantRow(
  db: Queries,
  tenant: UnplacedTenant & { cluster: string; hostNamespace: string },
): Promise<void> {
  const { cluster, hostNamespace } = tenant;
  await db
    .update(tenants)
    .set({ cluster, hostNamespace })
    .where(and(isTenant(tenant), eq(tenants.uid, tenant.uid)));
  await db
    .update(operations)
    .set({ cluster })
    .where(and(isOfTenant(tenant), eq(operations.uid, tenant.uid), eq(operations.state, 'running')));
}

function isTenant(tenant: { project: string; name: string }) {
  return and(eq(tenants.project, tenant.project), eq(tenants.name, tenant.name));
}
