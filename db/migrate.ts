import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { databaseCall } from './failures.ts';

/** Held while migrating, so that processes that start together follow one another. */
const migrationLock = 7_214_001;

/**
 * Brings the database at `databaseUrl` to the newest schema; a database that is there already stays untouched.
 * @throws PlatformError `database_unavailable`
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 3000 });
  client.on('error', () => undefined);
  await databaseCall(async () => {
    try {
      await client.connect();
      await client.query('select pg_advisory_lock($1)', [migrationLock]);
      await runMigrations(drizzle(client), {
        migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)),
      });
    } finally {
      await client.end();
    }
  });
}
