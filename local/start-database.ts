import { join } from 'node:path';
import { PlatformError } from '../contracts/errors.ts';
import { applyGrants } from '../db/grants.ts';
import { migrate } from '../db/migrate.ts';
import { type DatabaseRole, type DatabaseUrls, prepareRoles, roleName } from './database-roles.ts';
import { databaseOf, ensureDatabase, withDatabase } from './databases.ts';
import type { PlatformContext } from './platform-context.ts';
import { answersQueries, postgresSuperuser, preparePostgres } from './postgres-cluster.ts';
import { waitUntil } from './wait-until.ts';

const embeddedDatabase = 'vcluster_platform';

/**
 * The platform's databases, made and migrated: on the server of `externalUrl`, or on an embedded one. Each process has
 * a role of its own there, unless the role of `externalUrl` may make none: then all share it, and a line says so.
 * @returns URLs by role; other databases (`<name>_kine`, `<name>_temporal` …) lie beside ours
 * @throws PlatformError `database_unavailable`: the external server does not answer
 */
export async function startDatabase(
  context: PlatformContext,
  externalUrl: string | undefined,
): Promise<DatabaseUrls> {
  const url = externalUrl === undefined ? await startEmbedded(context) : await checkExternal(externalUrl);
  const passwordOf = (role: DatabaseRole) => context.state.secret(`postgres-${role}-password`).value;
  const urls = await prepareRoles(url, passwordOf);
  if (urls === undefined) return sharedDatabase(context, url);
  await migrate(urls.owner);
  const name = databaseOf(url);
  await applyGrants(urls.owner, {
    gateway: roleName(name, 'gateway'),
    worker: roleName(name, 'worker'),
    controllers: roleName(name, 'controllers'),
  });
  return urls;
}

async function sharedDatabase({ onProgress }: PlatformContext, url: string): Promise<DatabaseUrls> {
  onProgress('the role of --database-url lacks CREATEROLE and CREATEDB: all parts of the platform share it');
  await migrate(url);
  const kineName = `${databaseOf(url)}_kine`;
  const kine = withDatabase(url, kineName);
  await ensureDatabase(url, kineName, kine);
  return { owner: url, gateway: url, worker: url, controllers: url, temporal: url, kine };
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
      '--database-url is not a URL: give postgres://user:password@host:port/database',
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
