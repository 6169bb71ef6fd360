import { index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { kindNames, managedKinds, type NameField } from '../../contracts/kinds.ts';
import { auditLevels, auditStages, pathKinds } from '../../contracts/audit.ts';

const nameColumn = () => text();
/** One for each managed kind: a new kind needs a migration (`npm run db:generate`). */
const nameColumns = Object.fromEntries(
  managedKinds.map((kind) => [kindNames[kind].field, nameColumn()]),
) as Record<NameField, ReturnType<typeof nameColumn>>;

/** The audit log: one row for each audited request, updated as it proceeds. */
export const auditEvents = pgTable(
  'audit_events',
  {
    id: uuid().primaryKey(),
    receivedAt: timestamp({ withTimezone: true, precision: 3 }).notNull(),
    stage: text({ enum: auditStages }).notNull(),
    level: text({ enum: auditLevels }).notNull(),
    user: text(),
    impersonatedUser: text(),
    credentialKind: text(),
    credentialName: text(),
    sourceAddress: text(),
    userAgent: text(),
    method: text().notNull(),
    verb: text().notNull(),
    pathKind: text({ enum: pathKinds }).notNull(),
    path: text().notNull(),
    project: text(),
    ...nameColumns,
    cluster: text(),
    apiGroup: text(),
    resource: text(),
    subresource: text(),
    namespace: text(),
    name: text(),
    code: integer(),
    reason: text(),
    latencyMs: integer(),
    operationId: uuid(),
    sourceTenantCluster: text(),
    sourceUid: text(),
    lost: integer(),
    requestBody: jsonb().$type<unknown>(),
    responseBody: jsonb().$type<unknown>(),
  },
  (table) => [
    // Ascending, as those of operations are: the newest first is one read backwards.
    index('audit_events_time').on(table.receivedAt, table.id),
    index('audit_events_user').on(table.user, table.receivedAt, table.id),
    index('audit_events_project').on(table.project, table.receivedAt, table.id),
    index('audit_events_operation').on(table.operationId),
  ],
);

export type AuditEventRow = typeof auditEvents.$inferSelect;
