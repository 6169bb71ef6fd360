import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import {
  completeSnapshot,
  deleteSnapshot,
  failSnapshot,
  findNewestSnapshot,
  getSnapshotRow,
  insertSnapshot,
  listGoneSnapshots,
  listKeptProjects,
  listSnapshots,
  markGoneSnapshots,
  type SnapshotKey,
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
const three = '00000000-0000-0000-0000-000000000003';
const facts = {
  sizeBytes: 5_000_000_000,
  sha256: 'ab',
  revision: 9_000_000_000,
  totalKeys: 3,
  kubernetesVersion: 'v1.36.3',
};
const insert = async (key: SnapshotKey, operationId: string) =>
  (await database.query((db) =>
    insertSnapshot(db, key, { operationId, projectUid: 'p', file: `${key.uid}/${key.name}` }),
  )) !== undefined;
const get = (key: SnapshotKey) => database.query((db) => getSnapshotRow(db, key));

test('a snapshot name is taken by its first operation, and free again after a failure', async () => {
  const key = { project: 'default', tenantCluster: 'a', uid: 'u', name: 's' };
  assert.equal(await insert(key, one), true);
  assert.equal(await insert(key, one), true);
  assert.equal(await insert(key, two), false);
  await database.query((db) => failSnapshot(db, two));
  assert.equal((await get(key))?.state, 'creating', "another operation's failure is not its own");
  await database.query((db) => failSnapshot(db, one));
  assert.equal(await insert(key, two), true);
  await database.query((db) => completeSnapshot(db, two, facts));
  const snapshot = await get(key);
  assert.deepEqual(
    [snapshot?.state, snapshot?.sizeBytes, snapshot?.revision],
    ['completed', 5_000_000_000, 9_000_000_000],
  );
  assert.equal(await insert(key, one), false);
  // A later tenant cluster of the name takes nothing from it and is hindered by nothing.
  const later = { ...key, uid: 'later' };
  assert.equal(await get(later), undefined);
  assert.equal(await insert(later, three), true);
  assert.equal((await get(key))?.operationId, two);
});

test('the newest snapshot is complete and of that tenant cluster', async () => {
  const owner = { project: 'newest', tenantCluster: 'a', uid: 'u' };
  const newest = () => database.query((db) => findNewestSnapshot(db, owner));
  assert.equal(await newest(), undefined);
  const id = (digit: number) => `20000000-0000-0000-0000-00000000000${digit}`;
  for (const [digit, name, uid] of [
    [1, 'first', 'u'],
    [2, 'second', 'u'],
    [3, 'later', 'of-a-later-one'],
  ] as const) {
    await insert({ ...owner, uid, name }, id(digit));
    await database.query((db) => completeSnapshot(db, id(digit), facts));
  }
  await insert({ ...owner, name: 'under-way' }, id(4));
  assert.equal(await newest(), 'second');
});

test('snapshots of one project are listed newest first', async () => {
  const ids = [1, 2, 3].map((digit) => `10000000-0000-0000-0000-00000000000${digit}`);
  for (const [project, tenantCluster, name] of [
    ['red', 'a', 'first'],
    ['red', 'b', 'second'],
    ['blue', 'a', 'third'],
  ] as const) {
    await insert({ project, tenantCluster, uid: 'u', name }, ids.pop() ?? '');
  }
  const names = async (filter: { project: string; tenantCluster?: string }) =>
    (await database.query((db) => listSnapshots(db, filter))).map(({ name }) => name);
  assert.deepEqual(await names({ project: 'red' }), ['second', 'first']);
  assert.deepEqual(await names({ project: 'red', tenantCluster: 'a' }), ['first']);
});

test('a snapshot that is being created is not deleted', async () => {
  const key = { project: 'default', tenantCluster: 'd', uid: 'u', name: 's' };
  const id = '20000000-0000-0000-0000-000000000001';
  await insert(key, id);
  await database.query((db) => deleteSnapshot(db, id));
  assert.ok(await get(key));
  await database.query((db) => completeSnapshot(db, id, facts));
  await database.query((db) => deleteSnapshot(db, id));
  assert.equal(await get(key), undefined);
});

test('snapshots of deleted tenant clusters are marked, and listed after the retention', async () => {
  const ids = ['30000000-0000-0000-0000-000000000001', '30000000-0000-0000-0000-000000000002'] as const;
  const key = { project: 'green', tenantCluster: 'g', name: 's' };
  for (const [index, id] of ids.entries()) {
    await insert({ ...key, uid: `g-${index}` }, id);
    await database.query((db) => completeSnapshot(db, id, facts));
  }
  const goneOf = async () => {
    const rows = await database.query((db) => listSnapshots(db, { project: 'green' }));
    return rows.filter(({ goneAt }) => goneAt !== undefined).map(({ uid }) => uid);
  };
  const at = (time: string) => new Date(`2026-01-${time}T00:00:00Z`);
  await database.query((db) => markGoneSnapshots(db, ['g-0'], at('01')));
  await database.query((db) => markGoneSnapshots(db, ['g-0'], at('09')));
  assert.deepEqual(await goneOf(), ['g-1']);
  const expired = async (time: string) =>
    (await database.query((db) => listGoneSnapshots(db, at(time), 1000))).filter((id) => id === ids[1]);
  assert.deepEqual([await expired('01'), await expired('02')], [[], [ids[1]]]);
  await database.query((db) => markGoneSnapshots(db, [], at('10')));
  assert.deepEqual(new Set(await goneOf()), new Set(['g-0', 'g-1']));
  // Brought back from a backup.
  await database.query((db) => markGoneSnapshots(db, ['g-0', 'g-1'], at('11')));
  assert.deepEqual(await goneOf(), []);
  assert.ok((await database.query((db) => listKeptProjects(db))).includes('p'));
});
