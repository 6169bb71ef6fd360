import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
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
    maintain: () =>
      throughRelay(
        {
          host: setting('ETCD_HOST') ?? '',
          port: 2379,
          pki: setting('PKI') ?? '',
          sockets: setting('SOCKETS') ?? '',
        },
        freeSpace,
      ),
    async prepare(file) {
      await removeOthers(volume, folders.id);
      const partial = join(volume, `partial-${folders.id}`);
      for (const folder of [partial, folders.restored]) await rm(folder, { recursive: true, force: true });
      await restoreSnapshot(file, partial);
      await whileRunning(partial, setting('SOCKETS') ?? '', cleanRestored);
      await rename(partial, folders.restored);
      await syncFolder(volume);
    },
    swap: () => swapIn(folders),
    rollback: () => rollBack(folders),
    commit: () => commit(folders),
  };
}

const run = promisify(execFile);
const attempts = 40;
const pauseMs = 250;
const lookMs = 10;
const stopMs = 3_000;

/** How the chart's etcd names itself (deploy/charts/tenant-control-plane); a restored folder must agree. */
const member = [
  '--name',
  'tenant',
  '--initial-cluster',
  'tenant=http://localhost:2380',
  '--initial-advertise-peer-urls',
  'http://localhost:2380',
];

/** Saves a snapshot of a running etcd. */
async function saveRunning(etcd: RunningEtcd, file: string): Promise<void> {
  await throughRelay(etcd, (socket) => saveFrom(socket, file));
}

interface RunningEtcd {
  readonly host: string;
  readonly port: number;
  readonly pki: string;
  readonly sockets: string;
}

/**
 * Has `work` talk to a running etcd. A relay in this process speaks TLS to it and checks its certificate for the
 * name `etcd`: its address is in no certificate, and etcdctl cannot be told another name.
 */
async function throughRelay(etcd: RunningEtcd, work: (socket: string) => Promise<void>): Promise<void> {
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
    await work(socket);
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
  try {
    await whileRunning(copy, etcd.sockets, (socket, server) => saveFrom(socket, file, server));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Runs etcd on a data folder that none runs on, for as long as `work` takes. */
async function whileRunning(
  dataDir: string,
  sockets: string,
  work: (socket: string, server: ChildProcess) => Promise<void>,
): Promise<void> {
  const socket = join(sockets, 'etcd.sock');
  const args = [
    ...[
      '--data-dir',
      dataDir,
      '--listen-client-urls',
      `unix://${socket}`,
      '--advertise-client-urls',
      `unix://${socket}`,
    ],
    ...['--listen-peer-urls', `unix://${join(sockets, 'peer.sock')}`, ...member],
    ...['--heartbeat-interval', '20', '--election-timeout', '100', '--log-level', 'error'],
    // The most that etcd supports: what is saved and cleaned here has been stored already.
    ...['--quota-backend-bytes', String(8 * 1024 ** 3)],
  ];
  await rm(socket, { force: true });
  const server = spawn('etcd', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(server, 'exit');
  const kill = () => server.kill('SIGKILL');
  let late: NodeJS.Timeout | undefined;
  try {
    await listening(socket, server);
    await work(socket, server);
    server.kill('SIGTERM');
    // etcd 3.7 closes its store first, and then may wait for ever for the listener of its peers.
    late = setTimeout(kill, stopMs);
  } catch (error) {
    kill();
    throw error;
  } finally {
    await ended;
    clearTimeout(late);
  }
}

/** Waits for the socket of an etcd that starts: etcdctl, if it finds none, looks again a second later. */
async function listening(socket: string, server: ChildProcess): Promise<void> {
  const giveUpAt = performance.now() + attempts * pauseMs;
  while (!existsSync(socket) && server.exitCode === null && performance.now() < giveUpAt) await delay(lookMs);
}

/** Frees space and clears the alarms of an etcd: its history goes, and what is left is written again. */
async function freeSpace(socket: string): Promise<void> {
  await answering(undefined, () => etcdctl(socket, 'endpoint', 'status'));
  const [status] = JSON.parse(await etcdctl(socket, 'endpoint', 'status', '--write-out', 'json')) as [
    { Status: { header: { revision: number } } },
  ];
  await etcdctl(socket, 'compact', String(status.Status.header.revision), '--physical').catch(
    (error: unknown) => {
      // All of it is compacted already.
      if (!String(error).includes('required revision has been compacted')) throw error;
    },
  );
  await etcdctl(socket, 'defrag');
  await etcdctl(socket, 'alarm', 'disarm');
}

/**
 * What a snapshot brings along of a store that was full: its alarm, which would make this one read-only too, and the
 * space of what is marked as compacted; one without an alarm had room. Compaction waits for itself only at a revision of its own.
 */
async function cleanRestored(socket: string, server: ChildProcess): Promise<void> {
  let alarms = '';
  await answering(server, async () => void (alarms = await etcdctl(socket, 'alarm', 'list')));
  if (alarms.trim() === '') return;
  await etcdctl(socket, 'alarm', 'disarm');
  const key = 'vcluster-platform/restored';
  await etcdctl(socket, 'put', key, '');
  await etcdctl(socket, 'del', key);
  await freeSpace(socket);
}

async function etcdctl(socket: string, ...args: string[]): Promise<string> {
  const options = ['--endpoints', `unix://${socket}`, '--command-timeout', '10m', '--dial-timeout', '5s'];
  const { stdout } = await run('etcdctl', [...options, ...args]);
  return stdout;
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
  await answering(server, async () => {
    try {
      await etcdctl(socket, 'snapshot', 'save', file);
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  });
}

/** Does `work` until it succeeds, for as long as an etcd may take to answer. @param server its process, if it is ours */
async function answering(server: ChildProcess | undefined, work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
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
