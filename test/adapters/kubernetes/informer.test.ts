import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { type ClusterClient, connectCluster } from '../../../adapters/kubernetes/client.ts';
import { createInformer, type Informer } from '../../../adapters/kubernetes/informer.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { startApiServer, type TestApiServer } from '../../support/api-server.ts';
import { eventually } from '../../support/eventually.ts';
import { startTcpRelay, type TcpRelay } from '../../support/tcp-relay.ts';

type ConfigMap = V1ConfigMap & { metadata: { name: string } };
const namespace = 'default';

describe('informer', () => {
  let server: TestApiServer;
  let relay: TcpRelay;
  let direct: ClusterClient;
  let informer: Informer<ConfigMap>;
  const heard: string[] = [];
  const failures: unknown[] = [];

  before(async () => {
    server = await startApiServer();
    direct = connectCluster(server.adminKubeconfig);
    const { port } = new URL(server.url);
    relay = await startTcpRelay(Number(port));
    const relayed = connectCluster(server.adminKubeconfig.replaceAll(`:${port}`, `:${relay.port}`));
    await write('first', '1');
    informer = createInformer<ConfigMap>({
      kubeConfig: relayed.kubeConfig,
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      labelSelector: 'test=informer',
      onFailure: (error) => failures.push(error),
    });
    informer.onChange((key) => heard.push(key));
    await informer.synced;
  });
  after(async () => {
    await informer?.stop();
    await relay?.stop();
    await server?.stop();
  });

  async function write(name: string, value: string): Promise<void> {
    const body = { metadata: { name, labels: { test: 'informer' } }, data: { value } };
    await direct.core.createNamespacedConfigMap({ namespace, body }).catch(async () => {
      await direct.core.replaceNamespacedConfigMap({ namespace, name, body });
    });
  }
  const valueOf = (name: string) => informer.get(`${namespace}/${name}`)?.data?.['value'];
  const becomes = (name: string, value: string | undefined) =>
    eventually(`${name} is ${value}`, () => valueOf(name) === value, { intervalMs: 20 });

  it('lists existing objects and follows creates, updates and deletes', async () => {
    assert.equal(valueOf('first'), '1');
    await write('second', '1');
    await becomes('second', '1');
    await write('second', '2');
    await becomes('second', '2');
    await direct.core.deleteNamespacedConfigMap({ namespace, name: 'second' });
    await becomes('second', undefined);
    assert.ok(heard.filter((key) => key === 'default/second').length >= 3);
    assert.deepEqual(
      informer.list().map((item) => item.metadata.name),
      ['first'],
    );
  });

  it('resumes after cut connections without a new list', async () => {
    for (let round = 1; round <= 5; round += 1) {
      relay.cut();
      await write('cut', `${round}`);
      await becomes('cut', `${round}`);
    }
    assert.ok(failures.length > 0, 'the cuts were noticed');
  });

  it('learns of changes and deletions during an outage of the API', async () => {
    relay.close();
    await write('away', '1');
    await direct.core.deleteNamespacedConfigMap({ namespace, name: 'cut' });
    const noticed = failures.length;
    await eventually('the informer is disconnected', () => failures.length > noticed);
    heard.length = 0;
    relay.open();
    await becomes('away', '1');
    await becomes('cut', undefined);
    assert.ok(heard.includes('default/away') && heard.includes('default/cut'));
  });

  it('survives a restart of the API server', async () => {
    await server.restart();
    await write('restarted', '1');
    await becomes('restarted', '1');
  });

  it('lists again when its resourceVersion was compacted', async () => {
    relay.close();
    await write('compacted', '1');
    await direct.core.deleteNamespacedConfigMap({ namespace, name: 'restarted' });
    await write('compacted', '2');
    await server.restart(async () => compactHistory(server));
    await write('compacted', '3');
    relay.open();
    await becomes('compacted', '3');
    await becomes('restarted', undefined);
    const stale = failures.some((error) => /too old|Expired|410/i.test(String(error)));
    assert.ok(stale, `the API server said that the version is too old: ${failures.map(String).join('; ')}`);
  });

  it('is silent after it has stopped', async () => {
    await informer.stop();
    heard.length = 0;
    await write('late', '1');
    assert.deepEqual(heard, []);
  });
});

async function compactHistory(server: TestApiServer): Promise<void> {
  const run = promisify(execFile);
  const etcdctl = findProgram('etcdctl');
  const { etcdEndpoint } = await import('../../../local/servers/etcd.ts');
  const endpoints = `--endpoints=${etcdEndpoint({ socketDir: server.dir })}`;
  const { stdout } = await run(etcdctl, [endpoints, 'endpoint', 'status', '--write-out=json']);
  const [{ Status: status }] = JSON.parse(stdout) as [{ Status: { header: { revision: number } } }];
  await run(etcdctl, [endpoints, 'compact', String(status.header.revision)]);
}
