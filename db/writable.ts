import { sql } from 'drizzle-orm';
import { PlatformError } from '../contracts/errors.ts';
import { createDatabase } from './client.ts';

/** Looks whether PostgreSQL takes changes, on a connection of its own. */
export interface WritableProbe {
  /** @throws PlatformError `database_unavailable` if it does not answer within 2 s, or is read-only */
  check(): Promise<void>;
  close(): Promise<void>;
}

const limitMs = 2_000;
/** A connection may outlive what a role or database was set to, or lead to the server that was the first before. */
const connectionSeconds = 5;

/** Connects to nothing yet. */
export function createWritableProbe(databaseUrl: string): WritableProbe {
  const database = createDatabase(databaseUrl, 1, limitMs, connectionSeconds);
  return {
    async check() {
      const { rows } = await database.query((db) =>
        db.execute<{ readonly: boolean }>(
          sql`select pg_is_in_recovery() or current_setting('transaction_read_only')::bool as readonly`,
        ),
      );
      if (rows[0]?.readonly !== false)
        throw new PlatformError('database_unavailable', 'PostgreSQL is read-only at the moment; try again');
    },
    close: () => database.close(),
  };
}
