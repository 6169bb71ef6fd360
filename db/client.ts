import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { databaseCall, isUnavailable } from './failures.ts';

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

const silenceMs = 2_000;

/**
 * Connects lazily; at most `maxConnections` (10) at a time.
 * @param databaseUrl postgres://user:password@host:port/database
 * @param limitMs for a connection, and for a statement; a server that says nothing at all is given 2 s more
 * @param lifetimeSeconds after which a connection is created again: it may lead to the server that was the first before
 */
export function createDatabase(
  databaseUrl: string,
  maxConnections = 10,
  limitMs = 10_000,
  lifetimeSeconds = 600,
): Database {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: maxConnections,
    connectionTimeoutMillis: limitMs,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: lifetimeSeconds,
    statement_timeout: limitMs,
    query_timeout: limitMs + silenceMs,
    keepAlive: true,
    application_name: 'vcluster-platform',
  });
  // An idle connection that dies is replaced by the pool; without a listener Node would end the process.
  pool.on('error', () => undefined);
  const db = drizzle(pool, { casing: 'snake_case' });
  return {
    url: databaseUrl,
    query: (work) => databaseCall(() => work(db)),
    transaction: (work) => databaseCall(() => inTransaction(pool, work)),
    close: () => pool.end(),
  };
}

/** As drizzle does it on a pool; but a connection on which an answer is still owed is not used again. */
async function inTransaction<T>(pool: pg.Pool, work: (tx: Queries) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    return await drizzle(client, { casing: 'snake_case' }).transaction(work);
  } catch (error) {
    isBroken = isUnavailable(error);
    throw error;
  } finally {
    client.release(isBroken);
  }
}
