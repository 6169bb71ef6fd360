import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { V1StatefulSet } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { createHelm } from '../../adapters/helm/helm.ts';
import type { RunningProcess } from '../../adapters/processes/start-process.ts';
import { isWhole, ownSeed, readSeed, seededKeys, seedFile } from '../../adapters/tenant-seeds.ts';
import type { PlatformContext } from '../../local/platform-context.ts';
import { type ClusterPki, openClusterPki } from '../../local/pki.ts';
import { freePort } from '../../local/ports.ts';
import { isApiServerReady } from '../../local/probes.ts';
import { kubeApiserver } from '../../local/servers/kube-apiserver.ts';
import { localSeed, prepareTenantSeed } from '../../local/tenant-seed.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { startChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { openTestContext } from '../support/platform-context.ts';
import { createRawCall, type RawCall } from '../support/raw-call.ts';

const run = promisify(execFile);
const chart = join(import.meta.dirname, '../../deploy/charts/tenant-control-plane');

/** A store as the chart's etcd starts it: the rendered command, with folders of this machine for its mounts. */
interface Store {
  readonly process: RunningProcess;
  readonly endpoint: string;
  etcdctl(...args: string[]): Promise<string>;
}

describe('seeds of tenant clusters', { timeout: 600_000 }, () => {
  const undo = new AsyncDisposableStack();
  let dir: string;
  let context: PlatformContext;
  let pki: ClusterPki;
  let seed: Buffer;
  let command: readonly string[];

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-seeds-'));
    undo.defer(() => rmSync(dir, { recursive: true, force: true }));
    context = await openTestContext(join(dir, 'state'));
    pki = await openClusterPki(join(dir, 'pki'), 'tenant');
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    for (const name of ['etcd', 'etcdutl'] as const) symlinkSync(context.toolchain[name], join(bin, name));
    const helm = createHelm({ binary: context.toolchain.helm, workDir: dir });
    const manifest = await helm.template({ chart, values: '', release: 'demo', namespace: 'default' });
    const set = parseAllDocuments(manifest)
      .map((document) => document.toJS() as V1StatefulSet)
      .find(({ kind }) => kind === 'StatefulSet');
    command = set?.spec?.template.spec?.initContainers?.find(({ name }) => name === 'etcd')?.command ?? [];
    await prepareTenantSeed(context, join(dir, 'seeds'));
    seed = readFileSync(seedFile(join(dir, 'seeds'), localSeed));
  });
  after(() => undo.disposeAsync());

  async function startStore(name: string, snapshot?: Buffer): Promise<Store> {
    const folder = join(dir, name);
    mkdirSync(join(folder, 'seed'), { recursive: true });
    if (snapshot !== undefined) writeFileSync(join(folder, 'seed', 'store.db'), snapshot);
    const endpoint = `unix://${folder}/etcd.sock`;
    const [shell = '', ...rest] = command.map((text) =>
      text.replaceAll('/run/seed', join(folder, 'seed')).replaceAll('/var/lib/etcd', folder),
    );
    const flags = {
      name: 'tenant',
      'data-dir': join(folder, 'data'),
      'listen-client-urls': endpoint,
      'advertise-client-urls': endpoint,
      'listen-peer-urls': `unix://${folder}/peer.sock`,
      'initial-advertise-peer-urls': 'http://localhost:2380',
      'initial-cluster': 'tenant=http://localhost:2380',
    };
    const args = [...rest, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)];
    const env = { PATH: `${join(dir, 'bin')}:/bin:/usr/bin` };
    const child = await startChild(
      `${name}-etcd`,
      { binary: `/bin/${shell}`, args, env },
      join(folder, 'log'),
    );
    undo.defer(() => child.stop());
    const etcdctl = async (...words: string[]) =>
      (await run(context.toolchain.etcdctl, ['--endpoints', endpoint, ...words])).stdout;
    await eventually(`etcd of ${name} answers`, () => etcdctl('endpoint', 'status'));
    return { process: child, endpoint, etcdctl };
  }

  const keysOf = async ({ etcdctl }: Store) =>
    (await etcdctl('get', '', '--from-key', '--keys-only')).split(/\n+/).filter((key) => key !== '');

  /** A whole API on a store of its own; all have the same keys. */
  async function startApi(name: string, snapshot?: Buffer): Promise<Api> {
    const { endpoint } = await startStore(name, snapshot);
    const port = await freePort();
    const program = kubeApiserver({
      binary: context.toolchain['kube-apiserver'],
      port,
      etcdEndpoint: endpoint,
      pki: pki.server,
      serviceRange: '127.96.0.0/16',
      extraArgs: ['--enable-bootstrap-token-auth=true'],
    });
    const child = await startChild(
      `${name}-api`,
      { ...program, stopSignal: 'SIGKILL' },
      join(dir, name, 'api-log'),
    );
    undo.defer(() => child.stop());
    const url = `https://127.0.0.1:${port}`;
    const client = await pki.client('admin', ['system:masters']);
    const probe = { url, certificateAuthority: pki.authority.certificate, client, path: '/readyz' };
    await waitUntil(name, () => isApiServerReady(probe), { process: child, timeoutMs: 240_000 });
    return { port, call: createRawCall(await pki.kubeconfig(url, 'admin', ['system:masters'])) };
  }

  test('a seed holds what every cluster has alike, and nothing else', async () => {
    assert.ok(isWhole(seed));
    const text = seed.toString('latin1');
    const prefixes = new Set(text.match(/\/registry\/[\w.-]+\//g));
    assert.deepEqual([...prefixes].toSorted(), [...seededKeys].toSorted());
    assert.doesNotMatch(text, /CERTIFICATE|PRIVATE KEY|clusterIP|127\.96\./);
    assert.ok(seed.length < 700_000, `a Secret has room for ${seed.length} bytes`);
    const keys = await keysOf(await startStore('cut', seed));
    assert.ok(keys.length > 100, `${keys.length} keys`);
    for (const key of keys)
      assert.ok(
        seededKeys.some((prefix) => key.startsWith(prefix)),
        key,
      );
  });

  test('a seed that is there is not made again; a damaged one is', async () => {
    const seeds = join(dir, 'again');
    const file = seedFile(seeds, localSeed);
    mkdirSync(seeds);
    writeFileSync(file, seed);
    const started: string[] = [];
    const watched = {
      toolchain: context.toolchain,
      supervisor: {
        ...context.supervisor,
        start: (service: Parameters<PlatformContext['supervisor']['start']>[0]) => {
          started.push(service.name);
          return context.supervisor.start(service);
        },
      },
    };
    await prepareTenantSeed(watched, seeds);
    assert.deepEqual(started, []);
    const damaged = Buffer.from(seed);
    damaged.write('damaged', 5000);
    writeFileSync(file, damaged);
    assert.deepEqual(await readSeed(seeds, localSeed), { missing: `seed ${localSeed} is damaged` });
    await prepareTenantSeed(watched, seeds);
    assert.ok('snapshot' in (await readSeed(seeds, localSeed)));
  });

  test('a cluster with a seed equals one without, object for object, and shares no uid with another', async () => {
    const [plain, first, second] = await Promise.all([
      startApi('plain'),
      startApi('first', ownSeed(seed)),
      startApi('second', ownSeed(seed)),
    ]);
    const read = () => Promise.all([plain, first, second].map(objectsOf));
    const alike = async () => {
      const all = await read();
      return new Set(all.map((objects) => JSON.stringify(comparable(objects)))).size === 1 ? all : undefined;
    };
    // Some come a moment after the server is ready. If they never become alike, what differs is shown.
    const [plainObjects, firstObjects, secondObjects] = await eventually('all are alike', alike).catch(read);
    assert.deepEqual(comparable(firstObjects), comparable(plainObjects));
    assert.deepEqual(comparable(secondObjects), comparable(plainObjects));
    const uids = (objects = new Map<string, ClusterObject>()) =>
      [...objects.values()].map(({ metadata }) => metadata.uid).filter((uid) => uid !== undefined);
    assert.ok(uids(firstObjects).length > 150, `${uids(firstObjects).length} uids`);
    const seen = new Set([...uids(firstObjects), ...uids(plainObjects)]);
    assert.deepEqual(
      uids(secondObjects).filter((uid) => seen.has(uid)),
      [],
    );
    assert.equal(new Set(uids(firstObjects)).size, uids(firstObjects).length);
  });

  test('a store that was there before stays as it is', async () => {
    const before = await startStore('former');
    await before.etcdctl('put', 'kept', 'value');
    await before.process.stop();
    const store = await startStore('former', ownSeed(seed));
    assert.deepEqual(await keysOf(store), ['kept']);
  });

  test('a seed that cannot be used leaves an empty store; what a killed start left is cleared away', async () => {
    const damaged = Buffer.from(seed);
    damaged.write('damaged', 5000);
    const store = await startStore('damaged', damaged);
    assert.deepEqual(await keysOf(store), []);
    assert.match(readFileSync(join(dir, 'damaged', 'log'), 'utf8'), /the seed cannot be used/);
    assert.ok(!existsSync(join(dir, 'damaged', 'seeding')));

    mkdirSync(join(dir, 'killed', 'seeding', 'member'), { recursive: true });
    assert.ok((await keysOf(await startStore('killed', ownSeed(seed)))).length > 100);
  });

  test('names of seeds from values lead nowhere else', async () => {
    for (const name of ['../../secrets', 'a/b', ''])
      assert.deepEqual(await readSeed(dir, name), { missing: `"${name}" is not a name of a seed` });
  });
});

interface Api {
  readonly port: number;
  readonly call: RawCall;
}

interface ClusterObject {
  readonly metadata: { readonly uid?: string } & Record<string, unknown>;
}

/** Everything that is stored and an API server lists, by path and name; its own port is told as 0. */
async function objectsOf({ call, port }: Api): Promise<Map<string, ClusterObject>> {
  const get = async <T>(path: string) =>
    JSON.parse((await call('GET', path)).text.replaceAll(`${port}`, '0')) as T;
  const { groups } = await get<{ groups: { preferredVersion: { groupVersion: string } }[] }>('/apis');
  const paths = [
    '/api/v1',
    ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`),
  ];
  const objects = new Map<string, ClusterObject>();
  for (const path of paths) {
    const { resources } = await get<{ resources: { name: string; verbs: string[] }[] }>(path);
    const stored = resources.filter(
      ({ name, verbs }) => verbs.includes('list') && name !== 'componentstatuses',
    );
    for (const { name } of stored) {
      const { items } = await get<{ items: ClusterObject[] }>(`${path}/${name}`);
      for (const item of items) {
        const { namespace = '', name: own } = item.metadata as { namespace?: string; name: string };
        objects.set(`${path}/${name}/${namespace}/${own}`, item);
      }
    }
  }
  return objects;
}

/** Names of time and of this one object, which differ from cluster to cluster and from start to start. */
const passing = new Set([
  ...['uid', 'resourceVersion', 'creationTimestamp', 'managedFields'],
  ...['lastTransitionTime', 'renewTime', 'acquireTime', 'holderIdentity'],
]);

function comparable(objects = new Map<string, ClusterObject>()): Record<string, unknown> {
  const entries = [...objects].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(entries, (key, value: unknown) => (passing.has(key) ? undefined : value));
  return Object.fromEntries(JSON.parse(text) as [string, unknown][]);
}
