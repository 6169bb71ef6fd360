import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** Browsers that are logged in. Of a session's id only the hash is kept. */
export const sessions = pgTable(
  'sessions',
  {
    idHash: text().primaryKey(),
    user: text().notNull(),
    /** Of the User; null: from before it was kept. */
    userUid: text(),
    createdAt: timestamp({ withTimezone: true }).notNull(),
    lastSeenAt: timestamp({ withTimezone: true }).notNull(),
    /** End of its life however much it is used. */
    expiresAt: timestamp({ withTimezone: true }).notNull(),
  },
  (table) => [index('sessions_user').on(table.user), index('sessions_expires').on(table.expiresAt)],
);

export type SessionRow = typeof sessions.$inferSelect;

/** Logins at the identity provider that have begun; each can come back once. Of the state only the hash is kept. */
export const loginStates = pgTable('login_states', {
  stateHash: text().primaryKey(),
  expiresAt: timestamp({ withTimezone: true }).notNull(),
});

/**
 * One row: what ids of sessions are signed with, so that every gateway knows the others' and a made-up one is told without
 * a look-up. It opens nothing: a session is the row of its id.
 */
export const sessionKey = pgTable('session_key', { key: text().primaryKey() });
