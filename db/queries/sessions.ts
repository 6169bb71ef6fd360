import { and, eq, gt, lt, or } from 'drizzle-orm';
import type { Queries } from '../client.ts';
import { loginStates, sessionKey, type SessionRow, sessions } from '../schema/sessions.ts';

/** What ids of sessions are signed with; the migration that made the table made it. */
export async function readSessionKey(db: Queries): Promise<string> {
  const [row] = await db.select().from(sessionKey);
  if (row === undefined) throw new Error('the table session_key is empty');
  return row.key;
}

export async function insertSession(db: Queries, row: SessionRow): Promise<void> {
  await db.insert(sessions).values(row);
}

/** The session, unless it has expired at `now` or was last seen before `idleSince`. */
export async function findSession(
  db: Queries,
  idHash: string,
  { now, idleSince }: { now: Date; idleSince: Date },
): Promise<SessionRow | undefined> {
  const [row] = await db
    .select()
    .from(sessions)
    .where(and(eq(sessions.idHash, idHash), gt(sessions.expiresAt, now), gt(sessions.lastSeenAt, idleSince)));
  return row;
}

export async function touchSession(db: Queries, idHash: string, now: Date): Promise<void> {
  await db.update(sessions).set({ lastSeenAt: now }).where(eq(sessions.idHash, idHash));
}

export async function deleteSession(db: Queries, idHash: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.idHash, idHash));
}

/** Ends all sessions of a user; gives their hashes. */
export async function deleteSessionsOf(db: Queries, user: string): Promise<string[]> {
  const rows = await db
    .delete(sessions)
    .where(eq(sessions.user, user))
    .returning({ idHash: sessions.idHash });
  return rows.map(({ idHash }) => idHash);
}

/** Removes expired sessions and login states. */
export async function deleteEndedSessions(
  db: Queries,
  { now, idleSince }: { now: Date; idleSince: Date },
): Promise<void> {
  await db.delete(sessions).where(or(lt(sessions.expiresAt, now), lt(sessions.lastSeenAt, idleSince)));
  await db.delete(loginStates).where(lt(loginStates.expiresAt, now));
}

export async function insertLoginState(db: Queries, stateHash: string, expiresAt: Date): Promise<void> {
  await db.insert(loginStates).values({ stateHash, expiresAt });
}

/** Uses a state up. False if it was never given out, has expired, or was used before. */
export async function takeLoginState(db: Queries, stateHash: string, now: Date): Promise<boolean> {
  const rows = await db
    .delete(loginStates)
    .where(eq(loginStates.stateHash, stateHash))
    .returning({ expiresAt: loginStates.expiresAt });
  return rows.some(({ expiresAt }) => expiresAt > now);
}
