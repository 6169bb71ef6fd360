import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, beforeEach, test } from 'node:test';
import { createSqliteStore } from '../../../deploy/images/tenant-tools/sqlite-store.ts';
import type { Store } from '../../../deploy/images/tenant-tools/store.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

let volume: string;
let store: Store;
let saved: string;
beforeEach(() => {
  volume = mkdtempSync(join(tmpdir(), 'vcp-sqlite-'));
  const scratch = mkdtempSync(join(tmpdir(), 'vcp-sqlite-scratch-'));
  folders.push(volume, scratch);
  saved = join(scratch, 'saved.db');
  store = createSqliteStore((name) => ({ VOLUME: volume, RESTORE_ID: 'op' })[name]);
});

/** A database as Kine keeps it, in write-ahead mode, still open. */
function openKine(): DatabaseSync {
  const db = new DatabaseSync(join(volume, 'state.db'));
  db.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS kine (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, created INTEGER, deleted INTEGER,
      create_revision INTEGER, prev_revision INTEGER, lease INTEGER, value BLOB, old_value BLOB);
    CREATE UNIQUE INDEX IF NOT EXISTS kine_name_prev_revision_uindex ON kine (name, prev_revision);`);
  return db;
}

function put(db: DatabaseSync, name: string, value: string, deleted = 0): void {
  const row = db.prepare('SELECT max(id) AS id FROM kine WHERE name = ?').get(name) as { id: number | null };
  db.prepare(
    'INSERT INTO kine (name, created, deleted, create_revision, prev_revision, lease, value) VALUES (?, ?, ?, 0, ?, 0, ?)',
  ).run(name, row.id === null ? 1 : 0, deleted, row.id ?? 0, value);
}

function newKine(): DatabaseSync {
  const db = openKine();
  put(db, 'compact_rev_key', '');
  put(db, '/registry/a', 'old');
  put(db, '/registry/a', 'new');
  put(db, '/registry/gone', 'x');
  put(db, '/registry/gone', 'x', 1);
  return db;
}

interface Content {
  values: Record<string, string>;
  revision: number;
  compacted: number;
}

function contentOf(path = join(volume, 'state.db')): Content {
  const db = new DatabaseSync(path);
  const rows = db
    .prepare(
      "SELECT name, value FROM kine WHERE name LIKE '/%' AND deleted = 0 AND id IN (SELECT max(id) FROM kine GROUP BY name)",
    )
    .all() as { name: string; value: string }[];
  const facts = db
    .prepare(
      "SELECT max(id) AS revision, (SELECT prev_revision FROM kine WHERE name = 'compact_rev_key') AS compacted FROM kine",
    )
    .get() as { revision: number; compacted: number };
  db.close();
  return { values: Object.fromEntries(rows.map(({ name, value }) => [name, String(value)])), ...facts };
}

test('saves committed data of an open database, including its write-ahead log', async () => {
  const db = newKine();
  await store.save(saved);
  put(db, '/registry/later', 'y');
  assert.deepEqual(contentOf(saved).values, { '/registry/a': 'new' });
  const facts = await store.inspect(saved);
  assert.deepEqual([facts.revision, facts.totalKeys], [5, 1]);
  db.close();
});

test('restored data get a higher revision than the current one, and all earlier ones are compacted', async () => {
  const db = newKine();
  await store.save(saved);
  put(db, '/registry/a', 'newest');
  db.close();
  const before = contentOf().revision;
  await store.prepare(saved);
  await store.swap();
  await store.commit();
  const { values, revision, compacted } = contentOf();
  assert.deepEqual(values, { '/registry/a': 'new' });
  assert.ok(revision > before);
  assert.equal(compacted, revision);
  // The same snapshot again: not even then a revision twice.
  const again = openKine();
  put(again, '/registry/a', 'changed');
  again.close();
  const last = contentOf().revision;
  await store.prepare(saved);
  await store.swap();
  await store.commit();
  assert.ok(contentOf().revision > last);
  assert.deepEqual(readdirSync(volume), ['state.db']);
});

test('a rollback brings the previous data back, including the log, wherever the restore was killed', async () => {
  for (const done of ['prepare', 'swap', 'start'] as const) {
    for (const file of [join(volume, 'state.db'), saved]) rmSync(file, { force: true });
    const db = newKine();
    await store.save(saved);
    put(db, '/registry/log', 'z');
    db.close();
    await store.prepare(saved);
    if (done !== 'prepare') await store.swap();
    if (done === 'start') {
      const started = openKine();
      put(started, '/registry/other', 'w');
      started.close();
    }
    await store.rollback();
    await store.rollback();
    assert.deepEqual(contentOf().values, { '/registry/a': 'new', '/registry/log': 'z' }, done);
    assert.deepEqual(readdirSync(volume), ['state.db'], done);
  }
});

test('each restore phase can be repeated; a swap without a prepared restore is refused', async () => {
  newKine().close();
  await assert.rejects(store.swap(), { code: 'operation_failed' });
  await store.save(saved);
  for (const phase of [() => store.prepare(saved), store.swap, store.swap, store.commit, store.commit])
    await phase();
  assert.deepEqual(contentOf().values, { '/registry/a': 'new' });
});

test('a rollback on an empty volume leaves an empty database for Kine', async () => {
  newKine().close();
  await store.save(saved);
  rmSync(join(volume, 'state.db'));
  await store.prepare(saved);
  await store.swap();
  await store.rollback();
  assert.deepEqual(readdirSync(volume), ['state.db']);
  openKine().close();
  await assert.rejects(
    async () => {
      rmSync(join(volume, 'state.db'));
      await store.save(saved);
    },
    { code: 'operation_failed' },
  );
  assert.ok(!existsSync(join(volume, 'state.db')));
});

test('snapshot_damaged: a file that is not a Kine database', async () => {
  writeFileSync(saved, 'nonsense');
  await assert.rejects(store.inspect(saved), { code: 'snapshot_damaged' });
});
