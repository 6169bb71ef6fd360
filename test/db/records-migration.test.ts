import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { findOperationByKey } from '../../db/queries/operations.ts';
import { claimTurn } from '../../db/queries/turns.ts';
import { findSnapshotOf } from '../../db/queries/snapshots.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

/** Rows of the version before records had uids, under the migration that gives them some. */
let postgres: TestPostgres;
let database: Database;
const made = '00000000-0000-0000-0000-000000000001';
const orphan = '00000000-0000-0000-0000-000000000002';
const running = '00000000-0000-0000-0000-000000000003';
const folder = mkdtempSync(join(tmpdir(), 'vcp-migrations-'));

before(async () => {
  postgres = await startPostgres();
  const all = join(import.meta.dirname, '../../db/migrations');
  cpSync(all, folder, { recursive: true });
  const journal = JSON.parse(readFileSync(join(all, 'meta/_journal.json'), 'utf8')) as {
    entries: { idx: number }[];
  };
  const entries = journal.entries.filter(({ idx }) => idx < 5);
  writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify({ ...journal, entries }));
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await runMigrations(drizzle(client), { migrationsFolder: folder });
  await client.query(
    `insert into operations (id, type, project, tenant_cluster, uid, actor, idempotency_key, expected_ms)
     values ($1, 'snapshot', 'red', 'dev', 'uid-of-dev', 'anna', 'once', 1)`,
    [made],
  );
  await client.query(
    `insert into operations (id, type, kind, project, tenant_cluster, uid, actor, idempotency_key, expected_ms, state)
     values ($1, 'sleep', 'space', 'red', 'dev', 'uid-of-space', 'anna', 'once', 1, 'running')`,
    [running],
  );
  await client.query(
    `insert into tenants (kind, project, name, uid, cluster, host_namespace)
     values ('tenant', 'red', 'dev', 'uid-of-dev', 'local', 'v'), ('space', 'red', 'dev', 'uid-of-space', 'west', 's')`,
  );
  await client.query(
    `insert into snapshots (project, tenant_cluster, name, operation_id, state)
     values ('red', 'dev', 's', $1, 'completed'), ('red', 'dev', 'lost', $2, 'completed')`,
    [made, orphan],
  );
  await client.query(
    `insert into sessions (id_hash, "user", created_at, last_seen_at, expires_at) values ('h', 'anna', now(), now(), now())`,
  );
  await client.end();
  await migrate(postgres.url);
  database = createDatabase(postgres.url);
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database?.close();
  await postgres?.stop();
});

test('the migration keeps rows and files, and assigns snapshots the uid of their operation', async () => {
  const [snapshot, lost] = await database.query(async (db) => [
    await findSnapshotOf(db, made),
    await findSnapshotOf(db, orphan),
  ]);
  assert.deepEqual(
    [snapshot?.uid, snapshot?.projectUid, snapshot?.file, snapshot?.state],
    ['uid-of-dev', '', 'red/dev/s.vcps', 'completed'],
  );
  // Nobody knows whose it is: for the platform's administrators.
  assert.deepEqual([lost?.uid, lost?.file], ['', 'red/dev/lost.vcps']);
  const subject = { kind: 'tenant', project: 'red', name: 'dev', uid: 'uid-of-dev' } as const;
  const row = await database.query((db) => findOperationByKey(db, subject, 'once'));
  assert.deepEqual([row?.id, row?.projectUid, row?.actorUid], [made, null, null]);
  const sessions = await database.query((db) => db.execute('select user_uid from sessions'));
  assert.equal(sessions.rowCount, 1);
});

test('what runs goes on where it was, and a space is not the tenant cluster of its name', async () => {
  const claim = await claimTurn(database, running);
  assert.ok(claim.state === 'claimed');
  const { kind, name, state } = claim.operation;
  assert.deepEqual([kind, name, state], ['space', 'dev', 'running']);
  assert.deepEqual([claim.cluster, claim.hostNamespace], ['west', 's']);
  const first = await claimTurn(database, made);
  assert.ok(first.state === 'claimed');
  assert.deepEqual([first.cluster, first.hostNamespace], ['local', 'v']);
});
