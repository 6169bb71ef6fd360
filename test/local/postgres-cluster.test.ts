import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import pg from 'pg';
import type { RunningProcess } from '../../adapters/processes/start-process.ts';
import { stopProcess } from '../../adapters/processes/stop-process.ts';
import { freePort } from '../../local/ports.ts';
import { canEnter } from '../../local/postgres-binaries.ts';
import { answersQueries, preparePostgres } from '../../local/postgres-cluster.ts';
import { unprivilegedUser } from '../../local/unprivileged-user.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { startChild } from '../support/child.ts';

const dir = mkdtempSync(join(tmpdir(), 'vcp-pg-'));
after(() => rmSync(dir, { recursive: true }));

test('PostgreSQL in a private folder requires passwords, and its data survive SIGKILL and a reused pid', async () => {
  const closed = join(dir, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o700);
  const port = await freePort();
  const cluster = {
    dataDir: join(closed, 'data'),
    port,
    password: 'correct',
    logFile: join(dir, 'postgres.log'),
  };
  const url = `postgres://platform:correct@127.0.0.1:${port}/postgres`;
  const start = async (): Promise<RunningProcess> => {
    const server = await startChild('postgres', await preparePostgres(cluster), cluster.logFile);
    await waitUntil('PostgreSQL', () => answersQueries(url), { process: server });
    return server;
  };
  const query = async (sql: string): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(sql);
    await client.end();
    return rows;
  };

  const first = await start();
  await assert.rejects(answersQueries(url.replace('correct', 'wrong')), { code: '28P01' });
  assert.deepEqual(await query('show max_connections'), [{ max_connections: '200' }]);
  await query('create table kept (value text)');
  await query("insert into kept values ('still here')");

  await stopProcess(first.identity, 'SIGKILL', 1000);
  // As after a restart of the machine: the pid in its lock belongs to a process of ours.
  const lock = join(cluster.dataDir, 'postmaster.pid');
  await waitUntil('its children have ended', async () => {
    await assert.rejects(answersQueries(url));
    return true;
  });
  const lines = readFileSync(lock, 'utf8').split('\n');
  writeFileSync(lock, [String(process.pid), ...lines.slice(1)].join('\n'));
  const second = await start();
  assert.deepEqual(await query('select value from kept'), [{ value: 'still here' }]);
  await second.stop();
  assert.equal(await second.exited, 'code 0');
});

test('as root, a folder below a closed one is refused for the unprivileged user', (context) => {
  const user = unprivilegedUser();
  if (user === undefined) return context.skip('only root has another user to run as');
  const closed = join(dir, 'entry');
  mkdirSync(join(closed, 'inside'), { recursive: true });
  chmodSync(closed, 0o700);
  assert.equal(canEnter(join(closed, 'inside'), user), false);
  assert.equal(canEnter('/usr/bin', user), true);
});
