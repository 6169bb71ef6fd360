import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { syncFolder } from './archive.ts';
import { commit, removeOthers, restoreFolders, rollBack, swapIn } from './data-folders.ts';
import { Failure } from './failure.ts';
import type { Store, StoreFacts } from './store.ts';

/** The store of chart `tenant-control-plane`: etcd, with its folder `data` on the volume. */
export function createEtcdStore(setting: (name: string) => string | undefined): Store {
  const volume = setting('VOLUME') ?? '';
  const folders = restoreFolders(volume, setting('RESTORE_ID') ?? '');
  return {
    async save(file) {
      const sockets = setting('SOCKETS') ?? '';
      const host = setting('ETCD_HOST');
      if (host === undefined)
        await saveStopped(
          { dataDir: join(volume, 'data'), scratch: setting('SCRATCH') ?? '', sockets },
          file,
        );
      else await saveRunning({ host, port: 2379, pki: setting('PKI') ?? '', sockets }, file);
    },
    inspect: inspectSnapshot,
    async prepare(file) {
      await removeOthers(volume, folders.id);
      const partial = join(volume, `partial-${folders.id}`);
      for (const folder of [partial, folders.restored]) await rm(folder, { recursive: true, force: true });
      await restoreSnapshot(file, partial);
      await rename(partial, folders.restored);
      await syncFolder(volume);
    },
    swap: () => swapIn(folders),
    rollback: () => rollBack(folders),
    commit: () => commit(folders),
  };
}

const run = promisify(execFile);
const attempts = 20;
const pauseMs = 500;

/** How the chart's etcd names itself (deploy/charts/tenant-control-plane); a restored folder must agree. */
const member = [
  '--name',
  'tenant',
  '--initial-cluster',
  'tenant=http://localhost:2380',
  '--initial-advertise-peer-urls',
  'http://localhost:2380',
];

/**
 * Saves a snapshot of a running etcd. A relay in this process speaks TLS to it and checks its certificate for the
 * name `etcd`: its address is in no certificate, and etcdctl cannot be told another name.
 */
async function saveRunning(
  etcd: { host: string; port: number; pki: string; sockets: string },
  file: string,
): Promise<void> {
  const tls = {
    host: etcd.host,
    port: etcd.port,
    servername: 'etcd',
    ALPNProtocols: ['h2'],
    ca: readFileSync(join(etcd.pki, 'ca.crt')),
    cert: readFileSync(join(etcd.pki, 'apiserver-etcd-client.crt')),
    key: readFileSync(join(etcd.pki, 'apiserver-etcd-client.key')),
  };
  const relay = createServer((client) => {
    const upstream = connect(tls);
    // Either side's failure ends both; etcdctl reports what it means.
    pipeline(client, upstream, client).catch(() => client.destroy());
  });
  const socket = join(etcd.sockets, 'relay.sock');
  await listen(relay, socket);
  try {
    await saveFrom(socket, file);
  } finally {
    relay.close();
  }
}

/** Saves a snapshot of a data folder whose etcd does not run, from a copy: the folder itself is not touched. */
async function saveStopped(
  etcd: { dataDir: string; scratch: string; sockets: string },
  file: string,
): Promise<void> {
  const copy = join(etcd.scratch, 'data');
  await rm(copy, { recursive: true, force: true });
  await cp(etcd.dataDir, copy, { recursive: true });
  const socket = join(etcd.sockets, 'etcd.sock');
  const args = [
    ...[
      '--data-dir',
      copy,
      '--listen-client-urls',
      `unix://${socket}`,
      '--advertise-client-urls',
      `unix://${socket}`,
    ],
    ...['--listen-peer-urls', `unix://${join(etcd.sockets, 'peer.sock')}`, ...member],
    ...['--heartbeat-interval', '20', '--election-timeout', '100', '--log-level', 'error'],
  ];
  const server = spawn('etcd', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    await saveFrom(socket, file, server);
  } finally {
    server.kill('SIGKILL'); // of a copy that is thrown away
    await rm(copy, { recursive: true, force: true });
  }
}

/** @throws Failure `snapshot_damaged` if the snapshot's own checksum is wrong */
async function inspectSnapshot(file: string): Promise<StoreFacts> {
  try {
    const { stdout } = await run('etcdutl', ['snapshot', 'status', file, '--write-out', 'json']);
    const status = JSON.parse(stdout) as { hash: number; revision: number; totalKey: number };
    return { hash: status.hash, revision: status.revision, totalKeys: status.totalKey };
  } catch (error) {
    throw new Failure('snapshot_damaged', "etcd's snapshot is damaged", { cause: error });
  }
}

/**
 * Makes a data folder from a snapshot. Its revision is far beyond any that clients can have seen and all earlier
 * ones count as compacted: a watch that goes on gets "too old" and lists again, rather than silently seeing time run
 * backwards.
 */
async function restoreSnapshot(file: string, dataDir: string): Promise<void> {
  const args = [
    'snapshot',
    'restore',
    file,
    '--data-dir',
    dataDir,
    ...member,
    // Of the same snapshot there may be several restores, with changes between: fewer than one a millisecond.
    '--bump-revision',
    String(Date.now()),
    '--mark-compacted',
  ];
  try {
    await run('etcdutl', args, { maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    throw new Failure('snapshot_damaged', "etcd cannot restore the snapshot's data", { cause: error });
  }
}

async function saveFrom(socket: string, file: string, server?: ChildProcess): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await run('etcdctl', [
        '--endpoints',
        `unix://${socket}`,
        '--command-timeout',
        '10m',
        '--dial-timeout',
        '5s',
        'snapshot',
        'save',
        file,
      ]);
      return;
    } catch (error) {
      await rm(file, { force: true });
      if (server !== undefined && server.exitCode !== null)
        throw new Failure('operation_failed', 'etcd does not start on the data of the tenant cluster', {
          cause: error,
        });
      if (attempt === attempts)
        throw new Failure('operation_failed', "The tenant cluster's etcd does not answer", { cause: error });
      await delay(pauseMs);
    }
  }
}

async function listen(server: Server, path: string): Promise<void> {
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}
