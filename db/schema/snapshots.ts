import { bigint, index, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const snapshotStates = ['creating', 'completed', 'failed'] as const;

/**
 * The catalogue of snapshots. It outlives the tenant clusters and the operations that made them: a snapshot belongs to the
 * tenant cluster with its uid, and to no later one of the same name.
 */
export const snapshots = pgTable(
  'snapshots',
  {
    project: text().notNull(),
    tenantCluster: text().notNull(),
    /** Of the tenant cluster; empty: not known, accessible only to the platform's administrators. */
    uid: text().notNull().default(''),
    /** Of the project; empty: not known. */
    projectUid: text().notNull().default(''),
    name: text().notNull(),
    state: text({ enum: snapshotStates }).notNull().default('creating'),
    operationId: uuid().notNull(),
    /** Path of its file below the folder of snapshots. */
    file: text().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    sizeBytes: bigint({ mode: 'number' }),
    sha256: text(),
    revision: bigint({ mode: 'number' }),
    totalKeys: integer(),
    kubernetesVersion: text(),
    /** When its tenant cluster was first seen to be gone: from then on it is kept for a while. */
    goneAt: timestamp({ withTimezone: true }),
  },
  (table) => [
    primaryKey({ columns: [table.project, table.tenantCluster, table.uid, table.name] }),
    index('snapshots_operation').on(table.operationId),
  ],
);

export type SnapshotRow = typeof snapshots.$inferSelect;
