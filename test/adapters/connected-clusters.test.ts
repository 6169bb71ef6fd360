import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { createConnectedClusters } from '../../adapters/connected-clusters.ts';
import { createHelm } from '../../adapters/helm/helm.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { defaultChart } from '../../adapters/tenant-charts/known-charts.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { readManifests } from '../../adapters/kubernetes/manifests.ts';
import { applyManifests } from '../../local/bootstrap/apply-manifests.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';

const root = join(import.meta.dirname, '..', '..');
let server: TestApiServer;
let management: ClusterClient;
let workDir: string;
let proxy: Server;
let proxyUrl: string;
const asked = new Set<string>();

before(async () => {
  server = await startApiServer();
  management = connectCluster(server.adminKubeconfig);
  workDir = mkdtempSync(join(tmpdir(), 'vcp-clusters-'));
  // Stands for the gateway's CONNECT listener: everything leads to the one API server.
  proxy = createServer().on('connect', (request, socket) => {
    assert.equal(
      request.headers['proxy-authorization'],
      `Basic ${Buffer.from('worker:secret').toString('base64')}`,
    );
    asked.add(request.url ?? '');
    const upstream = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const side of [socket, upstream])
      side.on('error', () => [socket, upstream].forEach((one) => one.destroy()));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  proxyUrl = `http://worker:secret@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await management.core.createNamespace({ body: { metadata: { name: 'vcluster-platform' } } });
});
after(async () => {
  proxy?.closeAllConnections();
  proxy?.close();
  await server?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

async function kubeconfigFor(user: string): Promise<string> {
  const config = parse(await server.kubeconfig(user, ['system:masters']));
  Object.assign(config.clusters[0].cluster, {
    server: 'https://kubernetes.local.connected',
    'proxy-url': proxyUrl,
    'tls-server-name': 'kubernetes',
  });
  return stringify(config);
}

async function whoAmI(client: ClusterClient): Promise<string | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const answer = (await client.objects.create(review)) as { status?: { userInfo?: { username?: string } } };
  return answer.status?.userInfo?.username;
}

test('clients and Helm reach a cluster by its name through the proxy, and a new credential is noticed', async () => {
  const clusters = createConnectedClusters({ management, workDir });
  await assert.rejects(
    clusters.client('local'),
    (error) => error instanceof PlatformError && error.code === 'cluster_not_found',
  );
  const name = 'cluster-local-worker';
  const namespace = 'vcluster-platform';
  await management.core.createNamespacedSecret({
    namespace,
    body: { metadata: { name }, stringData: { config: await kubeconfigFor('first') } },
  });
  assert.equal(await whoAmI(await clusters.client('local')), 'first');
  assert.equal(await clusters.client('local'), await clusters.client('local'));

  await applyManifests(
    management,
    readManifests(join(root, 'deploy', 'charts', 'vcluster-platform', 'connected-cluster')),
  );
  const host = { name: 'default', uid: 'u' };
  const file = await clusters.helmKubeconfigFile('local', host, defaultChart.helmRole);
  assert.equal(await clusters.helmKubeconfigFile('local', host, defaultChart.helmRole), file);
  assert.equal(
    await whoAmI(connectCluster(readFileSync(file, 'utf8'))),
    'system:serviceaccount:default:vcluster-platform-helm',
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const helm = createHelm({ binary: findProgram('helm'), workDir });
  const manifest = { chart: { name: 'empty', version: '1.0.0' }, objects: [] };
  const target = { release: 'proxied', namespace: 'default', cluster: 'local', kubeconfig: file };
  assert.equal(await helm.upgrade(target, { manifest, labels: { operation: 'op' } }), 1);
  assert.deepEqual([...asked], ['kubernetes.local.connected:443']);

  const config = Buffer.from(await kubeconfigFor('second')).toString('base64');
  await management.core.patchNamespacedSecret({
    namespace,
    name,
    body: [{ op: 'replace', path: '/data/config', value: config }],
  });
  await eventually(
    'the new credential is used',
    async () => (await whoAmI(await clusters.client('local'))) === 'second',
  );
});

test("a tenant's API is reached by the name of its Service, over the same proxy", async () => {
  const clusters = createConnectedClusters({ management, workDir });
  const tenant = { project: 'p', name: 'one', uid: 'u', cluster: 'local', hostNamespace: 'host' };
  await management.core.createNamespace({ body: { metadata: { name: 'host' } } });
  await assert.rejects(clusters.tenantClient(tenant), /does not have a credential yet/);
  await management.core.createNamespacedSecret({
    namespace: 'host',
    body: { metadata: { name: 'vc-one' }, stringData: { config: server.adminKubeconfig } },
  });
  const client = await clusters.tenantClient(tenant);
  const cluster = client.kubeConfig.getCurrentCluster();
  assert.equal(cluster?.server, 'https://one.host.svc.local.connected:443');
  assert.equal(cluster?.tlsServerName, 'one.host');
  // Here stands another server, whose certificate is not the tenant's: it must not be talked to.
  await assert.rejects(client.core.listNamespace());
  assert.ok(asked.has('one.host.svc.local.connected:443'));
  assert.equal(await clusters.tenantClient(tenant), client);
});

test('a credential that would open a file, run a program or go another way is refused, and nothing is run', async () => {
  const clusters = createConnectedClusters({ management, workDir });
  const marker = join(workDir, 'was-run');
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: [marker] };
  const cases: [where: 'user' | 'cluster', field: string, value: unknown][] = [
    ['user', 'exec', exec],
    ['user', 'auth-provider', { name: 'gcp', config: { 'cmd-path': 'touch', 'cmd-args': marker } }],
    ['user', 'tokenFile', '/etc/hostname'],
    ['user', 'client-key', '/etc/hostname'],
    ['user', 'username', 'root'],
    ['user', 'as', 'system:masters'],
    ['cluster', 'certificate-authority', '/etc/hostname'],
    ['cluster', 'insecure-skip-tls-verify', true],
    ['cluster', 'server', 'http://127.0.0.1:1'],
  ];
  for (const [index, [where, field, value]] of cases.entries()) {
    const config = parse(server.adminKubeconfig);
    Object.assign(where === 'user' ? config.users[0].user : config.clusters[0].cluster, { [field]: value });
    const name = `refused-${index}`;
    await management.core.createNamespacedSecret({
      namespace: 'host',
      body: { metadata: { name: `vc-${name}` }, stringData: { config: stringify(config) } },
    });
    const tenant = { project: 'p', name, uid: name, cluster: 'local', hostNamespace: 'host' };
    await assert.rejects(
      (async () => (await clusters.tenantClient(tenant)).core.listNamespace())(),
      (error) =>
        error instanceof PlatformError &&
        error.code === 'cluster_unreachable' &&
        error.message.startsWith(`Secret host/vc-${name} cannot be used: `),
      field,
    );
  }
  assert.equal(existsSync(marker), false);
  // A way of its own is not taken: the host cluster's counts.
  const config = parse(server.adminKubeconfig);
  config.clusters[0].cluster['proxy-url'] = 'http://127.0.0.1:1';
  await management.core.createNamespacedSecret({
    namespace: 'host',
    body: { metadata: { name: 'vc-elsewhere' }, stringData: { config: stringify(config) } },
  });
  const tenant = { project: 'p', name: 'elsewhere', uid: 'e', cluster: 'local', hostNamespace: 'host' };
  const cluster = (await clusters.tenantClient(tenant)).kubeConfig.getCurrentCluster();
  assert.equal(cluster?.proxyUrl, proxyUrl);
});
