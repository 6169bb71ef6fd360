import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { takeLock } from '../adapters/processes/exclusive-lock.ts';
import type { Program } from '../adapters/processes/program.ts';
import { isWhole, seededKeys, seedFile, seedName } from '../adapters/tenant-seeds.ts';
import { cacheDir } from '../toolchain/cache.ts';
import { imageTags } from './node-images.ts';
import { openClusterPki } from './pki.ts';
import type { PlatformContext } from './platform-context.ts';
import { freePort } from './ports.ts';
import { acceptsConnections, isApiServerReady } from './probes.ts';
import { etcd, etcdEndpoint } from './servers/etcd.ts';
import { kubeApiserver } from './servers/kube-apiserver.ts';
import { waitUntil } from './wait-until.ts';

const run = promisify(execFile);
const services = { etcd: 'seed-etcd', apiServer: 'seed-apiserver' } as const;

/** Name of the seed that the programs of this machine make. */
export const localSeed = seedName(imageTags.kubernetes, imageTags.etcd);

/** Where this machine keeps its seeds, for all its platforms. */
export function tenantSeedsDir(): string {
  return cacheDir('seeds');
}

/**
 * Makes the seed of this machine's programs in `dir`, unless it is there and whole or another process makes it: from a first
 * start of etcd and kube-apiserver it keeps the objects of `seededKeys`, and nothing else. Takes 4 s.
 * @throws PlatformError `internal` if a server does not start or the platform stops
 */
export async function prepareTenantSeed(
  context: Pick<PlatformContext, 'supervisor' | 'toolchain'>,
  dir: string,
): Promise<void> {
  const file = seedFile(dir, localSeed);
  if (existsSync(file) && isWhole(readFileSync(file))) return;
  const release = await takeLock(`seed ${file}`);
  if (release === undefined) return;
  const scratch = mkdtempSync(join(tmpdir(), 'vcp-seed-'));
  try {
    await startServers(context, scratch);
    await context.supervisor.stop(services.apiServer);
    const endpoint = `--endpoints=${etcdEndpoint({ socketDir: scratch })}`;
    const etcdctl: Etcdctl = async (...args) =>
      (await run(context.toolchain.etcdctl, [endpoint, ...args])).stdout;
    await keepOnly(seededKeys, etcdctl);
    await etcdctl('snapshot', 'save', join(scratch, 'seed.db'));
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    copyFileSync(join(scratch, 'seed.db'), `${file}.new`);
    renameSync(`${file}.new`, file);
  } finally {
    for (const name of [services.apiServer, services.etcd]) await context.supervisor.stop(name);
    rmSync(scratch, { recursive: true, force: true });
    release();
  }
}

/** Starts both; resolves when the API server has made all its objects. */
async function startServers(
  { supervisor, toolchain }: Pick<PlatformContext, 'supervisor' | 'toolchain'>,
  dir: string,
): Promise<void> {
  const pki = await openClusterPki(join(dir, 'pki'), 'seed');
  const port = await freePort();
  const endpoint = etcdEndpoint({ socketDir: dir });
  // Their data go with them.
  const disposable = (program: Program) => () => ({ ...program, stopSignal: 'SIGKILL' }) as const;
  const store = etcd({ binary: toolchain.etcd, dataDir: join(dir, 'etcd'), socketDir: dir });
  await supervisor.start({
    name: services.etcd,
    program: disposable(store),
    ready: (process) =>
      waitUntil('etcd', () => acceptsConnections(endpoint.slice('unix://'.length)), { process }),
  });
  const server = kubeApiserver({
    binary: toolchain['kube-apiserver'],
    port,
    etcdEndpoint: endpoint,
    pki: pki.server,
    serviceRange: '127.96.0.0/16',
  });
  const probe = {
    url: `https://127.0.0.1:${port}`,
    certificateAuthority: pki.authority.certificate,
    client: await pki.client('seed', ['system:masters']),
    path: '/readyz',
  };
  await supervisor.start({
    name: services.apiServer,
    program: disposable(server),
    ready: (process) => waitUntil('kube-apiserver', () => isApiServerReady(probe), { process }),
  });
}

type Etcdctl = (...args: string[]) => Promise<string>;

/** Deletes all that has none of these prefixes, for good: what was deleted is not in the file any more either. */
async function keepOnly(prefixes: readonly string[], etcdctl: Etcdctl): Promise<void> {
  const leases = (await etcdctl('lease', 'list')).match(/^[0-9a-f]+$/gm) ?? [];
  for (const lease of leases) await etcdctl('lease', 'revoke', lease);
  let from: string | undefined;
  for (const prefix of prefixes.toSorted()) {
    await etcdctl('del', from ?? '\u0001', prefix);
    from = firstAfter(prefix);
  }
  await etcdctl('del', from ?? '\u0001', '--from-key');
  // Compaction leaves the keys that the last change deleted.
  await etcdctl('put', 'vcluster-platform/cut', '');
  await etcdctl('del', 'vcluster-platform/cut');
  const [status] = JSON.parse(await etcdctl('endpoint', 'status', '--write-out', 'json')) as [
    { Status: { header: { revision: number } } },
  ];
  await etcdctl('compaction', '--physical', String(status.Status.header.revision));
  await etcdctl('defrag');
}

/** The first key after all with this prefix, which ends with `/`. */
function firstAfter(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}
