import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { loadCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { defaultHostNamespace, tenantObjects } from '../../contracts/names.ts';
import { eventually } from '../support/eventually.ts';
import type { TestPlatform } from '../support/platform.ts';
import { type BareControlPlane, copyControlPlane } from './bare-control-plane.ts';
import { applyInstance, askEveryMs, endedOperation, fromLocal, operate, podOf } from './tenant.ts';

/** Calls a bare control plane as its administrator or as the ordinary user `bench`. */
export interface BareClient {
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

/**
 * Milliseconds until a bare control plane answers an ordinary user; then it is stopped.
 * @param first on an empty store
 */
export async function bareRun(bare: BareControlPlane, client: BareClient, first: boolean): Promise<number> {
  const took = await bareStart(bare, client, first);
  await delay(1500); // let the first start write what it writes, so that the restart finds a finished store
  await bare.stop();
  return took;
}

/** The same, and it goes on. */
export async function bareStart(bare: BareControlPlane, client: BareClient, first: boolean): Promise<number> {
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
  return performance.now() - startedAt;
}

/** A bare control plane, and how it is called. */
export interface CalledControlPlane {
  readonly bare: BareControlPlane;
  readonly client: BareClient;
}

/** Copies of a tenant cluster that was made for it and is gone again. */
export async function bareControlPlanes(
  platform: TestPlatform,
  count: number,
): Promise<CalledControlPlane[]> {
  await applyInstance(platform, 'model');
  await endedOperation(platform, 'model', 'create');
  const { uid, ip } = podOf(platform, 'model');
  const volumes = fromLocal<{
    items: Array<{ spec: { claimRef: { namespace: string }; local?: { path: string } } }>;
  }>(platform, 'pv');
  const volume = volumes.items.find(
    (item) => item.spec.claimRef.namespace === defaultHostNamespace('default', 'model'),
  );
  const tenant = {
    dataFolder: volume?.spec.local?.path ?? '',
    volumesFolder: join(platform.stateDir, 'local/node/pods', uid, 'volumes'),
    podUid: uid,
    podIP: ip,
  };
  const copies: CalledControlPlane[] = [];
  for (let index = 0; index < count; index += 1) {
    const bare = copyControlPlane(tenant, `127.127.0.${9 + index}`);
    copies.push({ bare, client: await bareClient(platform, 'model', bare.address) });
  }
  await operate(platform, 'model', 'delete');
  return copies;
}
