import { and, asc, desc, eq, getTableColumns, gte, inArray, lt, or, sql } from 'drizzle-orm';
import type { AuditEvent, PathKind } from '../../contracts/audit.ts';
import type { Queries } from '../client.ts';
import { type AuditEventRow, auditEvents } from '../schema/audit-events.ts';

const columns = Object.entries(getTableColumns(auditEvents)).map(([key, column]) => ({
  key: sql.identifier(key),
  name: sql.identifier(key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  type: sql.raw(column.getSQLType()),
}));
const comma = sql.raw(', ');
const names = sql.join(
  columns.map(({ name }) => name),
  comma,
);
const record = sql.join(
  columns.map(({ key, type }) => sql`${key} ${type}`),
  comma,
);
const values = sql.join(
  columns.map(({ key }) => sql`r.${key}`),
  comma,
);
const replaced = sql.join(
  columns.map(({ name }) => sql`${name} = excluded.${name}`),
  comma,
);

/**
 * Writes events, each over the row of its id if there is one. One parameter for all of them, so that neither Node
 * nor PostgreSQL has much to parse. No two may have the same id.
 */
export async function putAuditEvents(db: Queries, events: readonly AuditEvent[]): Promise<void> {
  await db.execute(sql`
    insert into audit_events (${names})
    select ${values} from jsonb_to_recordset(${JSON.stringify(events)}::jsonb) as r(${record})
    on conflict (id) do update set ${replaced}`);
}

/** Writes an event of which there is only one stage; nothing if it is there. Needs no right to read or change events. */
export async function addAuditEvent(db: Queries, event: AuditEvent): Promise<void> {
  await db.execute(sql`
    insert into audit_events (${names})
    select ${values} from jsonb_to_recordset(${JSON.stringify([event])}::jsonb) as r(${record})
    on conflict do nothing`);
}

/** Which events; every condition that is there must hold. */
export interface AuditFilter {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Real or effective user. */
  readonly user?: string | undefined;
  readonly project?: string | undefined;
  readonly verb?: string | undefined;
  readonly pathKind?: PathKind | undefined;
  readonly resource?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly cluster?: string | undefined;
  readonly tenantCluster?: string | undefined;
  readonly space?: string | undefined;
  readonly code?: number | undefined;
  readonly id?: string | undefined;
  readonly operationId?: string | undefined;
  /** Only what this user sent. */
  readonly sender?: string | undefined;
  readonly isOldestFirst?: boolean | undefined;
  /** Only events behind this one, in the order of the list. */
  readonly after?: { readonly receivedAt: Date; readonly id: string } | undefined;
  readonly limit: number;
}

const compared = [
  'project',
  'tenantCluster',
  'space',
  'cluster',
  'verb',
  'pathKind',
  'resource',
  'subresource',
  'namespace',
  'name',
  'code',
  'id',
  'operationId',
] as const;

/** Events, newest first if nothing else is asked for. */
export async function listAuditEvents(db: Queries, filter: AuditFilter): Promise<AuditEvent[]> {
  const { from, to, user, sender, after, isOldestFirst = false } = filter;
  const order = isOldestFirst ? asc : desc;
  const equal = compared
    .filter((key) => filter[key] !== undefined)
    .map((key) => eq(auditEvents[key], filter[key] as never));
  const rows = await db
    .select()
    .from(auditEvents)
    .where(
      and(
        ...equal,
        from && gte(auditEvents.receivedAt, from),
        to && lt(auditEvents.receivedAt, to),
        user === undefined
          ? undefined
          : or(eq(auditEvents.user, user), eq(auditEvents.impersonatedUser, user)),
        sender === undefined ? undefined : eq(auditEvents.user, sender),
        after &&
          sql`(${auditEvents.receivedAt}, ${auditEvents.id}) ${sql.raw(isOldestFirst ? '>' : '<')} (${after.receivedAt.toISOString()}::timestamptz, ${after.id}::uuid)`,
      ),
    )
    .orderBy(order(auditEvents.receivedAt), order(auditEvents.id))
    .limit(filter.limit);
  return rows.map(toEvent);
}

/** Removes at most `limit` events received before `time`; gives how many. */
export async function deleteAuditEventsBefore(db: Queries, time: Date, limit: number): Promise<number> {
  const oldest = db
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(lt(auditEvents.receivedAt, time))
    .orderBy(auditEvents.receivedAt)
    .limit(limit);
  const { rowCount } = await db.delete(auditEvents).where(inArray(auditEvents.id, oldest));
  return rowCount ?? 0;
}

function toEvent(row: AuditEventRow): AuditEvent {
  const present = Object.entries(row).filter(([, value]) => value !== null);
  return {
    ...(Object.fromEntries(present) as unknown as AuditEvent),
    receivedAt: row.receivedAt.toISOString(),
  };
}
