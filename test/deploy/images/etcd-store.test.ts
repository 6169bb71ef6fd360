import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createEtcdStore } from '../../../deploy/images/tenant-tools/etcd-store.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { eventually } from '../../support/eventually.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'vcp-etcd-'));
const socket = join(folder, 'tenant.sock');
const path = process.env['PATH'];
let server: ChildProcess | undefined;
before(() => {
  // The program of the image finds them by their names.
  const programs = join(folder, 'bin');
  mkdirSync(programs);
  for (const name of ['etcd', 'etcdctl', 'etcdutl'] as const)
    symlinkSync(findProgram(name), join(programs, name));
  process.env['PATH'] = `${programs}:${path}`;
});
after(async () => {
  await stop();
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true });
});

/** As a tenant's, with the quota that he chose. */
async function start(dataDir: string, quota: number): Promise<void> {
  const args = [
    '--data-dir',
    dataDir,
    '--name',
    'tenant',
    '--initial-cluster',
    'tenant=http://localhost:2380',
  ];
  const listen = ['--listen-client-urls', `unix://${socket}`, '--advertise-client-urls', `unix://${socket}`];
  const peer = ['--listen-peer-urls', `unix://${join(folder, 'peer.sock')}`];
  const advertised = ['--initial-advertise-peer-urls', 'http://localhost:2380'];
  const limits = ['--quota-backend-bytes', String(quota), '--log-level', 'error'];
  server = spawn('etcd', [...args, ...listen, ...peer, ...advertised, ...limits]);
  await eventually('etcd answers', () => etcdctl('endpoint', 'status'));
}

async function stop(): Promise<void> {
  if (server === undefined || server.exitCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await ended;
}

async function etcdctl(...args: string[]): Promise<string> {
  return (await run('etcdctl', ['--endpoints', `unix://${socket}`, ...args])).stdout;
}

const storeOf = (volume: string) =>
  createEtcdStore((name) => ({ VOLUME: volume, RESTORE_ID: 'op', SOCKETS: folder, SCRATCH: folder })[name]);

test('a restored store carries neither the alarm of the one that was saved nor the space of what was deleted', async () => {
  const quota = 16 * 1024 ** 2;
  const volume = join(folder, 'volume');
  mkdirSync(volume);
  await start(join(volume, 'data'), quota);
  await etcdctl('put', 'kept', 'value');
  const large = 'x'.repeat(100_000);
  await assert.rejects(async () => {
    for (let index = 0; index < 500; index += 1) await etcdctl('put', `large-${index}`, large);
  }, /database space exceeded/);
  await etcdctl('del', 'large-', '--prefix');
  assert.match(await etcdctl('alarm', 'list'), /NOSPACE/);
  const saved = join(folder, 'saved.db');
  await etcdctl('snapshot', 'save', saved);
  await stop();

  const store = storeOf(volume);
  await store.prepare(saved);
  await store.swap();
  assert.ok(statSync(join(volume, 'data', 'member', 'snap', 'db')).size < 1024 ** 2);
  await start(join(volume, 'data'), quota);
  assert.equal(await etcdctl('alarm', 'list'), '');
  await etcdctl('put', 'new', 'value');
  assert.deepEqual((await etcdctl('get', '', '--prefix', '--keys-only')).match(/\S+/g), ['kept', 'new']);
  await stop();
});
