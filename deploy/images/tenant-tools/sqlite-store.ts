import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, link, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { syncFolder } from './archive.ts';
import { Failure } from './failure.ts';
import type { Store, StoreFacts } from './store.ts';

/*
 * Chart `vcluster`: Kine's SQLite database `state.db` on the volume. A restore makes `restored-<id>.db` beside it; `swap`
 * keeps the present one as `former-<id>.db` and renames. The database is one file then: its log is written back
 * before the swap, and the log of a database that is thrown away goes before it does.
 */

/** No tenant cluster makes that many changes between the begin of a restore and the swap. */
const revisionsSkipped = 1_000_000;
const busyMs = 60_000;

/** The store of vCluster's chart with its default backing store. */
export function createSqliteStore(setting: (name: string) => string | undefined): Store {
  const volume = setting('VOLUME') ?? '';
  const id = setting('RESTORE_ID') ?? '';
  const file = (name: string): string => join(volume, name);
  const database = file('state.db');
  const [restored, former, partial] = [`restored-${id}.db`, `former-${id}.db`, `partial-${id}.db`].map(
    file,
  ) as [string, string, string];

  return {
    // Kine may go on writing meanwhile: the copy is made in one read transaction.
    async save(target) {
      if (!existsSync(database))
        throw new Failure('operation_failed', 'Database not found on the volume of the tenant cluster');
      withDatabase(database, (db) => db.prepare('VACUUM INTO ?').run(target));
    },
    inspect,
    /** Kine compacts, SQLite uses again what is free, and neither has alarms. */
    maintain: async () => undefined,
    async prepare(saved) {
      await removeLeftovers(volume, id);
      await rm(restored, { force: true });
      await copyFile(saved, partial);
      const present = existsSync(database) ? withDatabase(database, lastRevision) : 0;
      withDatabase(partial, (db) => skipRevisions(db, present));
      await syncFile(partial);
      await rename(partial, restored);
      await syncFolder(volume);
    },
    async swap() {
      if (!existsSync(restored)) {
        if (existsSync(former)) return; // done before
        throw new Failure('operation_failed', 'No restore was prepared');
      }
      if (!existsSync(former)) {
        // Without former data an empty file stands for them: Kine makes a new database of it.
        if (existsSync(database)) writeLogBack(database);
        else await (await open(database, 'wx', 0o600)).close();
        await link(database, former);
      }
      await removeLog(database);
      await rename(restored, database);
      await syncFolder(volume);
    },
    async rollback() {
      if (existsSync(former)) {
        await removeLog(database);
        await rename(former, database);
        await syncFolder(volume);
      }
      await removeLeftovers(volume);
    },
    commit: () => removeLeftovers(volume),
  };
}

async function inspect(path: string): Promise<StoreFacts> {
  const facts = (() => {
    try {
      return withDatabase(path, (db) => {
        if (numberOf(db, "SELECT count(*) FROM pragma_quick_check WHERE quick_check = 'ok'") !== 1)
          throw new Error('quick_check found damage');
        const live =
          "SELECT count(*) FROM (SELECT max(id), deleted FROM kine WHERE name LIKE '/%' GROUP BY name) WHERE deleted = 0";
        return { revision: lastRevision(db), totalKeys: numberOf(db, live) };
      });
    } catch (error) {
      throw new Failure('snapshot_damaged', 'The database of the snapshot is damaged', { cause: error });
    }
  })();
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return { ...facts, hash: hash.digest().readUIntBE(0, 6) };
}

/** Kine's revisions are the numbers of its rows: drops all but the newest of each key, and adds one far beyond. */
function skipRevisions(db: DatabaseSync, present: number): void {
  const next = Math.max(lastRevision(db), present) + revisionsSkipped;
  db.exec('BEGIN IMMEDIATE');
  db.exec(
    "DELETE FROM kine WHERE name != 'compact_rev_key' AND (deleted != 0 OR id NOT IN (SELECT max(id) FROM kine GROUP BY name))",
  );
  // As Kine itself fills gaps: it never shows such a row.
  db.prepare(
    'INSERT INTO kine (id, name, created, deleted, create_revision, prev_revision, lease) VALUES (?, ?, 0, 1, 0, 0, 0)',
  ).run(next, `gap-${next}`);
  db.prepare("UPDATE kine SET prev_revision = ? WHERE name = 'compact_rev_key'").run(next);
  db.exec('COMMIT');
}

function lastRevision(db: DatabaseSync): number {
  return numberOf(db, 'SELECT coalesce(max(id), 0) FROM kine');
}

function numberOf(db: DatabaseSync, query: string): number {
  return Number(Object.values(db.prepare(query).get() ?? {})[0]);
}

function withDatabase<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path, { timeout: busyMs });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** Makes the database one file, which it is not while SQLite's write-ahead log belongs to it. */
function writeLogBack(path: string): void {
  const mode = withDatabase(path, (db) => db.prepare('PRAGMA journal_mode = DELETE').get());
  if (mode?.['journal_mode'] !== 'delete')
    throw new Failure('operation_failed', 'The database of the tenant cluster is still in use');
}

async function removeLog(path: string): Promise<void> {
  for (const ending of ['-wal', '-shm', '-journal']) await rm(`${path}${ending}`, { force: true });
}

async function removeLeftovers(volume: string, exceptId?: string): Promise<void> {
  const names = (await readdir(volume)).filter(
    (name) =>
      /^(restored|former|partial)-.*\.db(-wal|-shm|-journal)?$/.test(name) &&
      (exceptId === undefined || !name.includes(`-${exceptId}.db`)),
  );
  for (const name of names) await rm(join(volume, name));
  if (names.length > 0) await syncFolder(volume);
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
