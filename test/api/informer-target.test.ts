import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { createInformer, type Informer } from '../../adapters/kubernetes/informer.ts';
import { informerTarget } from '../../api/upstreams/informer-target.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';

const reader = 'informer-target-reader';

describe("an informer on the gateway's target", () => {
  let server: TestApiServer;
  let relay: TcpRelay;
  let informer: Informer<{ metadata: ObjectMeta }>;

  before(async () => {
    server = await startApiServer();
    const { rbac } = connectCluster(server.adminKubeconfig);
    const metadata = { name: reader };
    const rules = [{ apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] }];
    await rbac.createClusterRole({ body: { metadata, rules } });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: reader };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: reader }];
    await rbac.createClusterRoleBinding({ body: { metadata, roleRef, subjects } });
    const { port } = new URL(server.url);
    relay = await startTcpRelay(Number(port));
    const kubeConfig = informerTarget(
      server.adminKubeconfig.replaceAll(`:${port}`, `:${relay.port}`),
      reader,
    );
    informer = createInformer({ kubeConfig, path: '/api/v1/namespaces', watchSeconds: 3 });
    await informer.synced;
  });
  after(async () => {
    await informer?.stop();
    await relay?.stop();
    await server?.stop();
  });

  /** Until it knows that nothing is missing as of later than now. */
  async function isUpToDate(): Promise<void> {
    const now = performance.now();
    await eventually('it is up to date', () => informer.syncedAt > now);
  }

  it('reads as the given user', () => {
    assert.ok(informer.get('default'));
  });

  it('keeps its connection from one watch to the next', async () => {
    await isUpToDate();
    const before = relay.accepted;
    for (let watch = 0; watch < 2; watch++) await isUpToDate();
    assert.equal(relay.accepted, before);
  });

  it('asks on another one when that one went silent', async () => {
    const before = relay.accepted;
    relay.freeze();
    await isUpToDate();
    assert.ok(relay.accepted > before);
  });
});
