import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { databaseCall } from './failures.ts';

type Queries = Pick<NodePgDatabase, 'select' | 'insert' | 'update' | 'delete' | 'execute'>;

/** Our database. Every failure to reach it is a PlatformError `database_unavailable`. */
export interface Database {
  /** Runs `work` with one connection outside a transaction. */
  query<T>(work: (db: Queries) => Promise<T>): Promise<T>;
  /** Runs `work` in one transaction, rolled back when it throws. */
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
  /** Connection string, for a connection of its own (LISTEN). */
  readonly url: string;
  close(): Promise<void>;
}

/** What queries run on: a connection or a transaction. */
export type { Queries };

/**
 * Connects lazily; at most `maxConnections` (10) at a time.
 * @param databaseUrl postgres://user:password@host:port/database
 */
export function createDatabase(databaseUrl: string, maxConnections = 10): Database {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: maxConnections,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 10_000,
    application_name: 'vcluster-platform',
  });
  // An idle connection that dies is replaced by the pool; without a listener Node would end the process.
  pool.on('error', () => undefined);
  const db = drizzle(pool, { casing: 'snake_case' });
  return {
    url: databaseUrl,
    query: (work) => databaseCall(() => work(db)),
    transaction: (work) => databaseCall(() => db.transaction(work)),
    close: () => pool.end(),
  };
}
