import { index, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/**
 * One row for each instance (by its uid) and hour in which it was used, for a month: when a policy would have put it to sleep.
 * Of the use within an hour only its beginning and its end are kept.
 */
export const instanceActivityHours = pgTable(
  'instance_activity_hours',
  {
    uid: text().notNull(),
    /** Begin of the hour, in UTC. */
    hour: timestamp({ withTimezone: true }).notNull(),
    firstAt: timestamp({ withTimezone: true }).notNull(),
    lastAt: timestamp({ withTimezone: true }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.uid, table.hour] }),
    index('instance_activity_hours_hour').on(table.hour),
  ],
);
