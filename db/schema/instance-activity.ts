import { pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** One row for each instance (by its uid) that was ever used through a gateway, until it is deleted: its last use. */
export const instanceActivity = pgTable('instance_activity', {
  uid: text().primaryKey(),
  /** Of the use. */
  at: timestamp({ withTimezone: true }).notNull(),
  /** When a gateway claimed the row to record it: the next one is recorded an interval later. */
  recordedAt: timestamp({ withTimezone: true }).notNull(),
  /** User, as Kubernetes APIs know them. */
  subject: text().notNull(),
  /** Name by which the client reached the gateway; empty, as everything from here on: not known, or none. */
  host: text().notNull().default(''),
  verb: text().notNull().default(''),
  apiGroup: text().notNull().default(''),
  resource: text().notNull().default(''),
  subresource: text().notNull().default(''),
  name: text().notNull().default(''),
  userAgent: text().notNull().default(''),
});

export type InstanceActivityRow = typeof instanceActivity.$inferSelect;
