import { pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { operationKinds } from '../../contracts/kinds.ts';

/**
 * One row per instance and connected cluster that ever had an operation: the lock under which submits for one of them
 * follow one another, and where it runs. A name that is used again takes over the row with its new uid.
 */
export const instances = pgTable(
  'instances',
  {
    kind: text({ enum: operationKinds }).notNull().default('tenant'),
    /** Empty: a connected cluster. */
    project: text().notNull(),
    name: text().notNull(),
    uid: text().notNull(),
    /** Connected cluster and namespace, once chosen. */
    cluster: text(),
    hostNamespace: text(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.project, table.name] })],
);

export type InstanceRow = typeof instances.$inferSelect;
