import { readFileSync, writeFileSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readArchive, scratchSnapshot, syncFolder, type SnapshotMetadata, writeArchive } from './archive.ts';
import { commit, removeOthers, restoreFolders, rollBack, swapIn } from './data-folders.ts';
import { inspectSnapshot, restoreSnapshot, saveRunning, saveStopped } from './etcd.ts';
import { Failure } from './failure.ts';
import { sealServiceAccountKeys } from './service-account-keys.ts';

/**
 * `tenant-snapshot <command>`: saves and restores the data of a tenant cluster, next to them, in a Job. All else
 * comes by environment variables (adapters/snapshots/job-manifest.ts sets them). The result, or why there is
 * none, goes as JSON to the file RESULT, the container's termination message.
 */
const commands = { save, prepare, swap, rollback, commit: commitRestore } as const;

async function save(): Promise<object> {
  const scratch = setting('SCRATCH');
  const file = scratchSnapshot(scratch);
  await rm(file, { force: true });
  const sockets = setting('SOCKETS');
  const host = process.env['ETCD_HOST'];
  if (host === undefined || host === '')
    await saveStopped({ dataDir: join(setting('VOLUME'), 'data'), scratch, sockets }, file);
  else await saveRunning({ host, port: 2379, pki: setting('PKI'), sockets }, file);
  const etcd = await inspectSnapshot(file);
  const input = JSON.parse(readFileSync(join(setting('INPUT'), 'metadata.json'), 'utf8')) as Omit<
    SnapshotMetadata,
    'etcd' | 'pki' | 'createdAt'
  >;
  const metadata = {
    ...input,
    createdAt: new Date().toISOString(),
    pki: await readFolder(setting('PKI')),
    etcd,
  };
  const facts = await writeArchive(setting('FILE'), { key: projectKey(), metadata, etcdSnapshot: file });
  return { ...facts, revision: etcd.revision, totalKeys: etcd.totalKeys };
}

async function prepare(): Promise<object> {
  const folders = restoreFolders(setting('VOLUME'), setting('RESTORE_ID'));
  const file = scratchSnapshot(setting('SCRATCH'));
  const key = projectKey();
  const metadata = await readArchive(setting('FILE'), {
    key,
    sha256: setting('SHA256'),
    etcdSnapshot: file,
  });
  const etcd = await inspectSnapshot(file);
  if (etcd.hash !== metadata.etcd.hash)
    throw new Failure('snapshot_damaged', "etcd's snapshot is not the one that was saved");
  await removeOthers(folders.volume, folders.id);
  const partial = join(folders.volume, `partial-${folders.id}`);
  for (const folder of [partial, folders.restored]) await rm(folder, { recursive: true, force: true });
  await restoreSnapshot(file, partial);
  await rename(partial, folders.restored);
  await syncFolder(folders.volume);
  const serviceAccountKeys = sealServiceAccountKeys(key, metadata.pki);
  return { revision: etcd.revision, totalKeys: etcd.totalKeys, serviceAccountKeys };
}

async function swap(): Promise<object> {
  await swapIn(restoreFolders(setting('VOLUME'), setting('RESTORE_ID')));
  return {};
}

async function rollback(): Promise<object> {
  await rollBack(restoreFolders(setting('VOLUME'), setting('RESTORE_ID')));
  return {};
}

async function commitRestore(): Promise<object> {
  await commit(restoreFolders(setting('VOLUME'), setting('RESTORE_ID')));
  return {};
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

function projectKey(): Buffer {
  const key = readFileSync(join(setting('INPUT'), 'key'));
  if (key.length !== 32) throw new Error('the key must have 32 bytes');
  return key;
}

/** Kubernetes mounts Secrets as links beside folders that begin with `..`. */
async function readFolder(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('..'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function report(result: object): void {
  writeFileSync(process.env['RESULT'] ?? '/dev/termination-log', JSON.stringify(result));
}

const command = commands[process.argv[2] as keyof typeof commands];
if (command === undefined) {
  console.error(`usage: tenant-snapshot ${Object.keys(commands).join(' | ')}`);
  process.exit(2);
}
try {
  report(await command());
} catch (error) {
  console.error(error);
  const known =
    error instanceof Failure ? error : new Failure('operation_failed', 'The Job failed; its log says why');
  report({ error: { code: known.code, message: known.message } });
  process.exit(1);
}
