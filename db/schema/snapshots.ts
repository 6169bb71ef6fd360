import { bigint, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

export const snapshotStates = ['creating', 'completed', 'failed'] as const;

/** The catalogue of snapshots. It outlives the tenant clusters and the operations that made them. */
export const snapshots = pgTable(
  'snapshots',
  {
    project: text().notNull(),
    tenantCluster: text().notNull(),
    name: text().notNull(),
    state: text({ enum: snapshotStates }).notNull().default('creating'),
    operationId: uuid().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    sizeBytes: bigint({ mode: 'number' }),
    sha256: text(),
    revision: bigint({ mode: 'number' }),
    totalKeys: integer(),
    kubernetesVersion: text(),
  },
  (table) => [primaryKey({ columns: [table.project, table.tenantCluster, table.name] })],
);

export type SnapshotRow = typeof snapshots.$inferSelect;
