import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { targetOfKubeconfig } from '../../api/upstreams/kubeconfig-target.ts';
import { annaKey, startTestGateway, type TestGateway } from '../api/test-gateway.ts';
import { eventually } from '../support/eventually.ts';
import { realNodeAvailable } from '../support/real-node/real-node-available.ts';
import { sharedRealNode } from '../support/real-node/shared-real-node.ts';
import {
  createStreamPods,
  startKubectl,
  streamProtocols,
  type StreamWay,
  testStreams,
} from '../support/real-node/stream-tests.ts';

/** Not that of the other suites on this node. */
const namespace = 'through-the-gateway';

/** kubectl through the gateway to pods on a real kubelet, by each protocol that it can speak. */
describe('streams through the gateway', { skip: realNodeAvailable(), timeout: 300_000 }, () => {
  let gateway: TestGateway;
  let dir: string;
  let way: StreamWay;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'streams-'));
    const cluster = await sharedRealNode();
    await cluster.client.core.createNamespace({ body: { metadata: { name: namespace } } });
    const rbac = 'rbac.authorization.k8s.io';
    await cluster.client.objects.create({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'anna' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: rbac, kind: 'Group', name: 'loft:user:anna' }],
    } as Parameters<typeof cluster.client.objects.create>[0]);
    gateway = await startTestGateway({
      target: targetOfKubeconfig(readFileSync(cluster.kubeconfigFile, 'utf8')),
    });
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [
        {
          name: 'c',
          cluster: {
            server: `${gateway.url}/kubernetes/management`,
            'certificate-authority-data': Buffer.from(gateway.certificateAuthority).toString('base64'),
          },
        },
      ],
      users: [{ name: 'u', user: { token: annaKey } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace } }],
    };
    writeFileSync(join(dir, 'kubeconfig'), JSON.stringify(kubeconfig), { mode: 0o600 });
    way = { flags: ['--kubeconfig', join(dir, 'kubeconfig')], dir };
    await createStreamPods(way);
  });
  after(async () => {
    await gateway?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const protocol of Object.keys(streamProtocols) as (keyof typeof streamProtocols)[]) {
    testStreams(protocol, () => way);

    test(`${protocol}: the gateway can end a stream`, async () => {
      const forever = ['exec', 'web', '-c', 'web', '--', 'sh', '-c', 'echo ready; exec sleep 600'];
      const child = startKubectl(protocol, way, forever);
      await once(child.stdout, 'data');
      gateway.streams.end('revoked');
      await once(child, 'exit'); // over SPDY kubectl calls a lost connection a success
      await eventually('no stream is left', () => gateway.streams.size === 0);
    });
  }
});
