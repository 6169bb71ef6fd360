import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import {
  completeSnapshot,
  deleteSnapshot,
  failSnapshot,
  getSnapshot,
  insertSnapshot,
  listSnapshots,
} from '../../db/queries/snapshots.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let database: Database;
before(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url);
  database = createDatabase(postgres.url);
});
after(async () => {
  await database?.close();
  await postgres?.stop();
});

const one = '00000000-0000-0000-0000-000000000001';
const two = '00000000-0000-0000-0000-000000000002';
const facts = {
  sizeBytes: 5_000_000_000,
  sha256: 'ab',
  revision: 9_000_000_000,
  totalKeys: 3,
  kubernetesVersion: 'v1.36.3',
};
const insert = (key: Parameters<typeof getSnapshot>[1], id: string) =>
  database.query((db) => insertSnapshot(db, key, id));
const get = (key: Parameters<typeof getSnapshot>[1]) => database.query((db) => getSnapshot(db, key));

test('a name is taken by the first operation; the same one may come again; a failed entry gives it free', async () => {
  const key = { project: 'default', tenantCluster: 'a', name: 's' };
  assert.equal(await insert(key, one), true);
  assert.equal(await insert(key, one), true);
  assert.equal(await insert(key, two), false);
  await database.query((db) => failSnapshot(db, key, two));
  assert.equal((await get(key))?.state, 'creating', "another operation's failure is not its own");
  await database.query((db) => failSnapshot(db, key, one));
  assert.equal(await insert(key, two), true);
  await database.query((db) => completeSnapshot(db, key, two, facts));
  const snapshot = await get(key);
  assert.deepEqual(
    [snapshot?.state, snapshot?.sizeBytes, snapshot?.revision],
    ['completed', 5_000_000_000, 9_000_000_000],
  );
  assert.equal(await insert(key, one), false);
});

test('lists are of one project, newest first', async () => {
  for (const [project, tenantCluster, name] of [
    ['red', 'a', 'first'],
    ['red', 'b', 'second'],
    ['blue', 'a', 'third'],
  ] as const) {
    await insert({ project, tenantCluster, name }, one);
  }
  const names = async (filter: { project: string; tenantCluster?: string }) =>
    (await database.query((db) => listSnapshots(db, filter))).map(({ name }) => name);
  assert.deepEqual(await names({ project: 'red' }), ['second', 'first']);
  assert.deepEqual(await names({ project: 'red', tenantCluster: 'a' }), ['first']);
});

test('an entry that is being made is not deleted', async () => {
  const key = { project: 'default', tenantCluster: 'd', name: 's' };
  await insert(key, one);
  await database.query((db) => deleteSnapshot(db, key));
  assert.ok(await get(key));
  await database.query((db) => completeSnapshot(db, key, one, facts));
  await database.query((db) => deleteSnapshot(db, key));
  assert.equal(await get(key), undefined);
});
