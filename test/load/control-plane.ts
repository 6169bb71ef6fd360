import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { loadCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { seedFile } from '../../adapters/tenant-seeds.ts';
import { defaultHostNamespace, tenantObjects } from '../../contracts/names.ts';
import type { Operation } from '../../contracts/operations.ts';
import { localSeed, tenantSeedsDir } from '../../local/tenant-seed.ts';
import { eventually } from '../support/eventually.ts';
import type { TestPlatform } from '../support/platform.ts';
import { type BareControlPlane, copyControlPlane } from './bare-control-plane.ts';
import { median, spread } from './statistics.ts';
import {
  applyInstance,
  endedOperation,
  fromLocal,
  operate,
  askEveryMs,
  podOf,
  untilAnswers,
} from './tenant.ts';

const elapsed = (from: string | undefined, to: string | undefined) =>
  from && to ? Date.parse(to) - Date.parse(from) : 0;

/** Calls a bare control plane as its administrator or as the ordinary user `bench`. */
interface BareClient {
  call(user: 'admin' | 'bench', method: string, path: string, body?: unknown): Promise<number>;
  close(): Promise<void>;
}

async function bareClient(platform: TestPlatform, name: string, address: string): Promise<BareClient> {
  const secret = fromLocal<{ data: Record<string, string> }>(
    platform,
    'secret',
    tenantObjects.pkiSecret(name),
    '-n',
    defaultHostNamespace('default', name),
  );
  const pem = (file: string) => Buffer.from(secret.data[file] ?? '', 'base64').toString();
  const ca = pem('ca.crt');
  const authority = await loadCertificateAuthority({ certificate: ca, key: pem('ca.key') });
  const agentOf = async (commonName: string, organizations: string[]) => {
    const { certificate, key } = await authority.issue({ commonName, organizations, usages: ['client'] });
    return new Agent({ connect: { ca, cert: certificate, key, servername: 'kubernetes' } });
  };
  const agents = { admin: await agentOf('admin', ['system:masters']), bench: await agentOf('bench', []) };
  return {
    async call(user, method, path, body) {
      const response = await request(`https://${address}:6443${path}`, {
        method: method as 'GET',
        dispatcher: agents[user],
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      await response.body.dump();
      return response.statusCode;
    },
    close: async () => {
      await Promise.all([agents.admin.close(), agents.bench.close()]);
    },
  };
}

const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'bench' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bench' }],
};

async function bareRun(bare: BareControlPlane, client: BareClient, first: boolean): Promise<number> {
  if (first) bare.wipe();
  const startedAt = performance.now();
  bare.start();
  if (first) {
    await eventually(
      'the binding is made',
      async () =>
        (await client.call(
          'admin',
          'POST',
          '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
          binding,
        )) === 201,
      { intervalMs: askEveryMs, timeoutMs: 120_000 },
    );
  }
  await eventually(
    'the bare API answers',
    async () => (await client.call('bench', 'GET', '/api/v1/namespaces/default')) === 200,
    { intervalMs: askEveryMs, timeoutMs: 120_000 },
  );
  const took = performance.now() - startedAt;
  await delay(1500); // let the first start write what it writes, so that the restart finds a finished store
  await bare.stop();
  return took;
}

/** A copy of a tenant cluster that was made for it and is gone again. */
async function bareControlPlane(
  platform: TestPlatform,
): Promise<{ bare: BareControlPlane; client: BareClient }> {
  await applyInstance(platform, 'model');
  await endedOperation(platform, 'model', 'create');
  const { uid, ip } = podOf(platform, 'model');
  const volumes = fromLocal<{
    items: Array<{ spec: { claimRef: { namespace: string }; local?: { path: string } } }>;
  }>(platform, 'pv');
  const volume = volumes.items.find(
    (item) => item.spec.claimRef.namespace === defaultHostNamespace('default', 'model'),
  );
  const bare = copyControlPlane({
    dataFolder: volume?.spec.local?.path ?? '',
    volumesFolder: join(platform.stateDir, 'local/node/pods', uid, 'volumes'),
    podUid: uid,
    podIP: ip,
  });
  const client = await bareClient(platform, 'model', bare.address);
  await operate(platform, 'model', 'delete');
  return { bare, client };
}

/** In these steps the control plane starts; in a create's `access` a new one still makes its bootstrap roles. */
const startingSteps = ['ready', 'access'];

/** What an operation took beside the steps in which the control plane starts: milliseconds. */
function restOf({ createdAt, finishedAt, steps }: Operation): number {
  return steps
    .filter(({ key }) => startingSteps.includes(key))
    .reduce((rest, step) => rest - elapsed(step.startedAt, step.finishedAt), elapsed(createdAt, finishedAt));
}

/** create (from a seed) → answers, wake → answers, and a first request that wakes, each against etcd and kube-apiserver started by hand with the same flags. */
export async function benchControlPlane(platform: TestPlatform, repeats: number): Promise<void> {
  await eventually('the seed is made', () => existsSync(seedFile(tenantSeedsDir(), localSeed)));
  const { bare, client } = await bareControlPlane(platform);
  const figures = {
    bareCreate: [] as number[],
    create: [] as number[],
    createRest: [] as number[],
    bareWake: [] as number[],
    wake: [] as number[],
    wakeRest: [] as number[],
    held: [] as number[],
  };
  try {
    for (let index = 0; index < repeats; index++) {
      figures.bareCreate.push(await bareRun(bare, client, true));
      figures.bareWake.push(await bareRun(bare, client, false));
      const name = `bench-${index}`;
      let startedAt = performance.now();
      await applyInstance(platform, name);
      figures.create.push(await untilAnswers(platform, name, startedAt));
      figures.createRest.push(restOf(await endedOperation(platform, name, 'create')));
      await operate(platform, name, 'sleep');
      startedAt = performance.now();
      await platform.submit(name, { type: 'wake' });
      figures.wake.push(await untilAnswers(platform, name, startedAt));
      figures.wakeRest.push(restOf(await endedOperation(platform, name, 'wake')));
      await operate(platform, name, 'sleep');
      // One request, which wakes it and is held: it is never sent again.
      startedAt = performance.now();
      figures.held.push(await untilAnswers(platform, name, startedAt));
      await endedOperation(platform, name, 'wake');
      await operate(platform, name, 'delete');
    }
  } finally {
    await client.close();
    await bare.stop();
    bare.remove();
  }
  const line = (what: string, values: number[], note: string) =>
    console.log(`  ${what.padEnd(31)} ${spread(values)}${note}`);
  const ratio = (ours: number[], theirs: number[], aim: string) =>
    `   ratio ${(median(ours) / median(theirs)).toFixed(2)} (aim ≤ ${aim})`;
  console.log(`control plane, ms: min / median / max of ${repeats}`);
  line('create → answers', figures.create, '');
  line('bare etcd + kube-apiserver', figures.bareCreate, ratio(figures.create, figures.bareCreate, '1.0'));
  line('create, but ready and access', figures.createRest, '   (aim ≤ 1000)');
  line('wake → answers', figures.wake, '');
  line('bare restart on the same data', figures.bareWake, ratio(figures.wake, figures.bareWake, '1.5'));
  line('first request, held', figures.held, ratio(figures.held, figures.bareWake, '1.3'));
  line('wake, but ready', figures.wakeRest, '   (aim ≤ 150)\n');
}
