import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readArchive, scratchSnapshot, type SnapshotMetadata, writeArchive } from './archive.ts';
import { createEtcdStore } from './etcd-store.ts';
import { Failure } from './failure.ts';
import { createSqliteStore } from './sqlite-store.ts';
import type { Store, StoreKind } from './store.ts';

/**
 * `tenant-snapshot <command>`: saves, restores and maintains the data of a tenant cluster, next to them, in a Job. All else
 * comes by environment variables (adapters/snapshots/job-manifest.ts sets them). The result, or why there is
 * none, goes as JSON to the file RESULT, the container's termination message.
 */
const done = async (work: Promise<void>): Promise<object> => {
  await work;
  return {};
};
const stores: Record<StoreKind, (setting: (name: string) => string | undefined) => Store> = {
  etcd: createEtcdStore,
  sqlite: createSqliteStore,
};
const storeKind = (process.env['STORE'] || 'etcd') as StoreKind;
const store = openStore(storeKind, (name) => process.env[name] || undefined);
const commands = {
  save,
  prepare,
  maintain: () => done(store.maintain()),
  swap: () => done(store.swap()),
  rollback: () => done(store.rollback()),
  commit: () => done(store.commit()),
} as const;

async function save(): Promise<object> {
  const file = scratchSnapshot(setting('SCRATCH'));
  await rm(file, { force: true });
  await store.save(file);
  const facts = await store.inspect(file);
  const input = JSON.parse(readFileSync(join(setting('INPUT'), 'metadata.json'), 'utf8')) as Omit<
    SnapshotMetadata,
    'etcd' | 'pki' | 'createdAt' | 'store'
  >;
  const metadata = {
    ...input,
    createdAt: new Date().toISOString(),
    pki: await readFolder(setting('PKI')),
    store: storeKind,
    etcd: facts,
  };
  const written = await writeArchive(setting('FILE'), { key: projectKey(), metadata, etcdSnapshot: file });
  return { ...written, revision: facts.revision, totalKeys: facts.totalKeys };
}

async function prepare(): Promise<object> {
  const file = scratchSnapshot(setting('SCRATCH'));
  const key = projectKey();
  const metadata = await readArchive(setting('FILE'), {
    key,
    sha256: setting('SHA256'),
    etcdSnapshot: file,
  });
  if ((metadata.store ?? 'etcd') !== storeKind)
    throw new Failure(
      'operation_failed',
      `The snapshot is of chart ${metadata.chart.name}, which uses another kind of store; restore it to a tenant cluster of that chart`,
    );
  const facts = await store.inspect(file);
  if (facts.hash !== metadata.etcd.hash)
    throw new Failure('snapshot_damaged', 'The data of the snapshot have changed since they were saved');
  await store.prepare(file);
  const serviceAccountKeys = sealServiceAccountKeys(key, metadata.pki);
  return { revision: facts.revision, totalKeys: facts.totalKeys, serviceAccountKeys };
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

/** @param setting gives the value of an environment variable */
function openStore(kind: string, setting: (name: string) => string | undefined): Store {
  const create = stores[kind as StoreKind];
  if (create === undefined) throw new Error(`unknown store ${kind}`);
  return create(setting);
}

/**
 * The service-account keys of a snapshot, sealed with the project's key so that they can pass through the Job's
 * result: nonce, AES-256-GCM text and tag, base64. adapters/snapshots/service-account-keys.ts opens them.
 */
function sealServiceAccountKeys(projectKey: Buffer, pki: Record<string, string>): string {
  const plain = JSON.stringify({ privateKey: pki['sa.key'], publicKey: pki['sa.pub'] });
  const key = Buffer.from(hkdfSync('sha256', projectKey, '', 'vcps service-account keys', 32));
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}
