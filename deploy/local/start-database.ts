import { join } from 'node:path';
import { PlatformError } from '../../contracts/errors.ts';
import { migrate } from '../../db/migrate.ts';
import { databaseOf, withDatabase } from './database-url.ts';
import { ensureDatabase } from './databases.ts';
import type { PlatformContext } from './platform-context.ts';
import { answersQueries, postgresSuperuser, preparePostgres } from './postgres-cluster.ts';
import { waitUntil } from './wait-until.ts';

const embeddedDatabase = 'vcluster_platform';

/**
 * The platform's database, made and migrated: on the server of `externalUrl`, or on an embedded one.
 * @returns its URL; other databases (`<name>_kine`, `<name>_temporal` …) lie beside it
 * @throws PlatformError `database_unavailable`: the external server does not answer
 */
export async function startDatabase(
  context: PlatformContext,
  externalUrl: string | undefined,
): Promise<string> {
  const url = externalUrl === undefined ? await startEmbedded(context) : await checkExternal(externalUrl);
  await migrate(url);
  return url;
}

/** URL of database `<name>_<suffix>`, made if it is missing. */
export async function siblingDatabase(url: string, suffix: string): Promise<string> {
  const name = `${databaseOf(url)}_${suffix}`;
  const sibling = withDatabase(url, name);
  await ensureDatabase(url, name, sibling);
  return sibling;
}

async function startEmbedded({ state, ports, supervisor }: PlatformContext): Promise<string> {
  const port = await ports.get('postgres');
  const password = state.secret('postgres-password').value;
  const server = `postgres://${postgresSuperuser}:${password}@127.0.0.1:${port}`;
  const cluster = {
    dataDir: join(state.postgresDir, 'data'),
    port,
    password,
    logFile: join(state.logsDir, 'postgres.log'),
  };
  await supervisor.start({
    name: 'postgres',
    program: () => preparePostgres(cluster),
    ready: (process) =>
      waitUntil('PostgreSQL', () => answersQueries(`${server}/postgres`), { process, intervalMs: 20 }),
  });
  const url = `${server}/${embeddedDatabase}`;
  await ensureDatabase(`${server}/postgres`, embeddedDatabase, url);
  return url;
}

async function checkExternal(url: string): Promise<string> {
  let host: string;
  try {
    host = new URL(url).host;
  } catch (cause) {
    throw new PlatformError(
      'invalid_request',
      '--database-url is no URL: give postgres://user:password@host:port/database',
      { cause },
    );
  }
  try {
    await answersQueries(url);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PlatformError(
      'database_unavailable',
      `PostgreSQL at ${host} (--database-url) cannot be used: ${reason}; start it or correct the URL, or leave the flag out for the embedded one`,
      { cause },
    );
  }
  return url;
}
