import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../local/ports.ts';
import { answersQueries, postgresSuperuser, preparePostgres } from '../../local/postgres-cluster.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { startChild } from './child.ts';

export interface TestPostgres {
  /** URL of a new, empty database of this file's own. */
  readonly url: string;
  /** URL of a new database, a copy of `template` (default: empty). Nobody may be connected to the template. */
  createDatabase(template?: string): Promise<string>;
  /** Removes the server with its databases. */
  stop(): Promise<void>;
}

/** A new PostgreSQL server with a database, in about 2 s. */
export async function startPostgres(): Promise<TestPostgres> {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-postgres-'));
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const logFile = join(dir, 'postgres.log');
  const program = await preparePostgres({ dataDir: join(dir, 'data'), port, password, logFile });
  const server = await startChild('postgres', program, logFile);
  const url = `postgres://${postgresSuperuser}:${password}@127.0.0.1:${port}/postgres`;
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitUntil('PostgreSQL', () => answersQueries(url), { process: server });
    return await databasesOn(url, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function databasesOn(serverUrl: string, stop: () => Promise<void>): Promise<TestPostgres> {
  const execute = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: serverUrl });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const createDatabase = async (template = 'template0'): Promise<string> => {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await execute(`create database ${name} template "${template}"`);
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    return url.href;
  };
  return {
    url: await createDatabase(),
    createDatabase,
    stop,
  };
}
