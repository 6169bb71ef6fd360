import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { loadCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { defaultHostNamespace, tenantObjects } from '../../contracts/names.ts';
import { eventually } from '../support/eventually.ts';
import type { TestPlatform } from '../support/platform.ts';
import { type BareControlPlane, copyControlPlane } from './bare-control-plane.ts';
import { median, spread } from './statistics.ts';
import { applyInstance, endedOperation, fromLocal, operate, podOf, untilAnswers } from './tenant.ts';

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
      { intervalMs: 10 },
    );
  }
  await eventually(
    'the bare API answers',
    async () => (await client.call('bench', 'GET', '/api/v1/namespaces/default')) === 200,
    { intervalMs: 10 },
  );
  const took = performance.now() - startedAt;
  await delay(1500); // let the first start write what it writes, so that the restart finds a finished store
  await bare.stop();
  return took;
}

/** Absolute folders named in the command lines of a running pod, longest first. */
function podFolders(platform: TestPlatform, uid: string): string[] {
  const record = join(platform.stateDir, 'local/node/pods', uid);
  const memory = /\/dev\/shm\/vcp-[0-9a-f]+/.exec(readFileSync(join(record, 'pod.json'), 'utf8'))?.[0];
  return [join(record, 'volumes'), ...(memory === undefined ? [] : [memory])];
}

/** create → answers and wake → answers, each against etcd and kube-apiserver started by hand with the same flags. */
export async function benchControlPlane(platform: TestPlatform, repeats: number): Promise<void> {
  await applyInstance(platform, 'model');
  await endedOperation(platform, 'model', 'create');
  const { uid, ip } = podOf(platform, 'model');
  const volumes = fromLocal<{
    items: Array<{
      spec: { claimRef: { namespace: string }; hostPath?: { path: string }; local?: { path: string } };
    }>;
  }>(platform, 'pv');
  const volume = volumes.items.find(
    (item) => item.spec.claimRef.namespace === defaultHostNamespace('default', 'model'),
  )?.spec;
  const dataFolder = volume?.hostPath?.path ?? volume?.local?.path ?? '';
  const bare = copyControlPlane({
    folders: [dataFolder, ...podFolders(platform, uid)],
    dataFolder,
    podFolder: uid,
    podIP: ip,
  });
  const client = await bareClient(platform, 'model', bare.address);
  await operate(platform, 'model', 'delete');

  const figures = {
    bareCreate: [] as number[],
    create: [] as number[],
    createOverhead: [] as number[],
    bareWake: [] as number[],
    wake: [] as number[],
    wakeOverhead: [] as number[],
  };
  for (let index = 0; index < repeats; index++) {
    figures.bareCreate.push(await bareRun(bare, client, true));
    figures.bareWake.push(await bareRun(bare, client, false));
    const name = `bench-${index}`;
    let startedAt = performance.now();
    await applyInstance(platform, name);
    figures.create.push(await untilAnswers(platform, name, startedAt));
    const created = await endedOperation(platform, name, 'create');
    figures.createOverhead.push(elapsed(created.createdAt, created.finishedAt));
    await operate(platform, name, 'sleep');
    startedAt = performance.now();
    await platform.submit(name, { type: 'wake' });
    figures.wake.push(await untilAnswers(platform, name, startedAt));
    const woken = await endedOperation(platform, name, 'wake');
    figures.wakeOverhead.push(elapsed(woken.createdAt, woken.finishedAt));
    await operate(platform, name, 'delete');
  }
  await client.close();
  bare.remove();

  const ratio = (ours: number[], theirs: number[]) => (median(ours) / median(theirs)).toFixed(2);
  console.log(`control plane, ms: min / median / max of ${repeats}`);
  console.log(`  create → answers                ${spread(figures.create)}`);
  console.log(
    `  bare etcd + kube-apiserver      ${spread(figures.bareCreate)}   ratio ${ratio(figures.create, figures.bareCreate)} (aim ≤ 1.5)`,
  );
  console.log(`  create, whole operation         ${spread(figures.createOverhead)}`);
  console.log(`  wake → answers                  ${spread(figures.wake)}`);
  console.log(
    `  bare restart on the same data   ${spread(figures.bareWake)}   ratio ${ratio(figures.wake, figures.bareWake)} (aim ≤ 1.5)`,
  );
  console.log(`  wake, whole operation           ${spread(figures.wakeOverhead)}\n`);
}
