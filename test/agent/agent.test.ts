import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { RunningProcess } from '../../adapters/processes/start-process.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { applyManifests, readManifests } from '../../adapters/kubernetes/manifests.ts';
import type { AgentCredentials, AgentHealth } from '../../contracts/agents.ts';
import type { AgentConfig } from '../../contracts/agent-config.ts';
import { openClusterApi } from '../../agent/cluster-api.ts';
import { createSecretStore } from '../../agent/credential-store.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { identities, labels, platformNamespace, writers } from '../../contracts/names.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { startChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { hashOf, startTestPlatform, type TestPlatform } from './test-platform.ts';

const root = join(import.meta.dirname, '..', '..');
const secretName = 'loft-agent-credential';
const joinKey = 'vcpj_thejoinkeyofthistest';
const soon = { timeoutMs: 15_000, intervalMs: 20 };

/** The agent as it runs in a cluster: its own process, with the rights that its chart gives it, on a real API server. */
describe('an agent', { timeout: 180_000 }, () => {
  let server: TestApiServer;
  let platform: TestPlatform;
  let admin: ClusterClient;
  let agent: RunningProcess;
  let pod: Server;
  before(async () => {
    [server, platform] = await Promise.all([startApiServer(), startTestPlatform()]);
    admin = connectCluster(server.adminKubeconfig, { writer: writers.bootstrap });
    await admin.core.createNamespace({ body: { metadata: { name: platformNamespace } } });
    const chart = join(root, 'deploy', 'charts', 'vcluster-platform', 'agent');
    await applyManifests(admin, readManifests(chart), writers.bootstrap);
    for (const name of ['gateway', 'worker', 'controllers'])
      await admin.core.createNamespacedServiceAccount({
        namespace: platformNamespace,
        body: { metadata: { name } },
      });
    await admin.core.createNamespacedSecret({
      namespace: platformNamespace,
      body: { metadata: { name: secretName } },
    });
    writeFileSync(join(platform.dir, 'join-key'), `${joinKey}\n`);
    writeFileSync(join(platform.dir, 'kubeconfig'), await server.kubeconfig(identities.agent));
    platform.joinKeys.set(joinKey, undefined);
    pod = createServer((socket) => socket.end('a control plane'));
    pod.listen(0, '127.88.7.1');
    await once(pod, 'listening');
    agent = await startAgent();
  });
  after(async () => {
    await agent?.stop();
    pod?.close();
    await platform?.close();
    await server?.stop();
  });

  const logFile = (name: string) => join(platform.dir, 'logs', `${name}.log`);
  const log = (name = 'agent') => readFileSync(logFile(name), 'utf8');

  function startAgent(
    name = 'agent',
    more: Partial<AgentConfig> = {},
    env: Record<string, string> = {},
  ): Promise<RunningProcess> {
    const config: AgentConfig = {
      logLevel: 'debug',
      url: platform.url,
      caFile: platform.caFile,
      joinKeyFile: join(platform.dir, 'join-key'),
      credential: { secret: secretName },
      namespace: platformNamespace,
      ...(env['SERVICE_ACCOUNT_DIR'] === undefined ? { kubeconfig: join(platform.dir, 'kubeconfig') } : {}),
      loopbackPods: '127.64.0.0/10',
      ...more,
    };
    const file = join(platform.dir, `${name}.json`);
    writeFileSync(file, JSON.stringify(config));
    mkdirSync(join(platform.dir, 'logs'), { recursive: true });
    const args = [join(root, 'agent', 'main.ts'), '--config', file];
    return startChild(name, { binary: process.execPath, args, env }, logFile(name));
  }

  const session = () =>
    eventually(
      'the agent is connected',
      () => platform.tunnels.findLast((one) => !one.session.isDraining)?.session,
      soon,
    );
  const open = async (authority: string): Promise<Duplex> => (await session()).open(authority);
  const readAll = async (authority: string): Promise<string> => {
    const stream = await open(authority);
    stream.end();
    return text(stream);
  };

  /** One request to the API of the agent. */
  async function ask<T>(method: string, path: string): Promise<{ status: number; body: T }> {
    const stream = await open('agent:80');
    stream.write(
      `${method} ${path} HTTP/1.1\r\nHost: agent\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
    const [head = '', body = ''] = (await text(stream)).split('\r\n\r\n');
    stream.end();
    return { status: Number(head.split(' ')[1]), body: JSON.parse(body) as T };
  }

  async function stored(): Promise<Record<string, string>> {
    const { data } = await admin.core.readNamespacedSecret({
      name: secretName,
      namespace: platformNamespace,
    });
    return Object.fromEntries(
      Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  }

  it('joins, keeps its credential in its Secret, and says that it is ready', async () => {
    await session();
    await eventually('it says so', () => log().includes('agent ready\n'), soon);
    const { uid } = (await admin.core.readNamespace({ name: 'kube-system' })).metadata ?? {};
    const [joined] = platform.requests;
    assert.equal(joined?.body['clusterUid'], uid);
    assert.match(String(joined?.body['kubernetesVersion']), /^v1\.\d+\.\d+/);
    const { credential = '', generation, cluster } = await stored();
    assert.equal(hashOf(credential), joined?.body['credentialHash']);
    assert.deepEqual({ generation, cluster }, { generation: '1', cluster: 'test' });
    assert.equal(platform.tunnels[0]?.generation, 1);
  });

  it('connects streams to its API server, with TLS from end to end', async () => {
    const socket = connectTls({
      socket: await open('kubernetes:443'),
      ca: server.certificateAuthority,
      servername: 'kubernetes',
    });
    socket.write('GET /version HTTP/1.1\r\nHost: kubernetes\r\nConnection: close\r\n\r\n');
    assert.match(await text(socket), /^HTTP\/1\.1 (200|401|403)/);
    socket.end();
  });

  it('gives the platform tokens of its three service accounts', async () => {
    const { status, body } = await ask<AgentCredentials>('POST', '/v1/credentials');
    assert.equal(status, 200);
    assert.equal(body.certificateAuthority, server.certificateAuthority);
    assert.equal(body.tlsServerName, 'kubernetes');
    const hours = (Date.parse(body.expiresAt) - Date.now()) / 3_600_000;
    assert.ok(hours > 23 && hours < 25, `${hours} h`);
    assert.deepEqual(Object.keys(body.tokens).toSorted(), ['controllers', 'gateway', 'worker']);
    for (const [account, token] of Object.entries(body.tokens)) {
      const reviewed = (await requestJson(admin.kubeConfig, {
        method: 'POST',
        path: '/apis/authentication.k8s.io/v1/tokenreviews',
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
      })) as { status: { user?: { username?: string } } };
      const user = `system:serviceaccount:${platformNamespace}:${account}`;
      assert.equal(reviewed.status.user?.username, user);
    }
  });

  it('tells how its cluster is doing', async () => {
    for (const [name, status] of [
      ['good', 'True'],
      ['bad', 'False'],
    ] as const) {
      await admin.core.createNode({ body: { metadata: { name } } });
      await admin.core.replaceNodeStatus({
        name,
        body: { metadata: { name }, status: { conditions: [{ type: 'Ready', status }] } },
      });
    }
    const { body } = await ask<AgentHealth>('GET', '/v1/health');
    const { uid } = (await admin.core.readNamespace({ name: 'kube-system' })).metadata ?? {};
    assert.equal(body.clusterUid, uid);
    assert.match(body.kubernetesVersion, /^v1\./);
    assert.ok(body.apiLatencyMs > 0);
    assert.deepEqual(body.nodes, { ready: 1, total: 2 });
    assert.equal((await ask('GET', '/v1/credentials')).status, 404);
    assert.equal((await ask('GET', '/v1/health/x')).status, 404);
  });

  it('says why if its API server refuses what it asks for', async () => {
    await admin.core.deleteNamespacedServiceAccount({ name: 'worker', namespace: platformNamespace });
    const { status, body } = await ask<{ message: string }>('POST', '/v1/credentials');
    assert.equal(status, 502);
    assert.match(body.message, /serviceaccounts "worker" not found/);
    await admin.core.createNamespacedServiceAccount({
      namespace: platformNamespace,
      body: { metadata: { name: 'worker' } },
    });
  });

  /** A namespace with a Service `name` on port 443 and a ready pod behind it. */
  async function host(namespace: string, given: Record<string, string>, name = 'demo') {
    await admin.core.createNamespace({ body: { metadata: { name: namespace, labels: given } } });
    await admin.core.createNamespacedService({
      namespace,
      body: {
        metadata: { name },
        spec: { selector: { app: name }, ports: [{ port: 443, targetPort: 'https' }] },
      },
    });
    await admin.core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'default' } } });
    await createPod(namespace, `${name}-0`, { app: name }, '127.88.7.1');
  }

  async function createPod(
    namespace: string,
    name: string,
    podLabels: Record<string, string>,
    podIP: string,
  ): Promise<void> {
    const { port } = pod.address() as AddressInfo;
    const ports = [{ name: 'https', containerPort: port }];
    const metadata = { name, labels: podLabels };
    await admin.core.createNamespacedPod({
      namespace,
      body: { metadata, spec: { containers: [{ name: 'x', image: 'x', ports }] } },
    });
    const conditions = [{ type: 'Ready', status: 'True' }];
    await admin.core.patchNamespacedPodStatus({
      namespace,
      name,
      body: [{ op: 'replace', path: '/status', value: { phase: 'Running', podIP, conditions } }],
    });
  }

  const tenantLabels = (name = 'demo') => ({
    [labels.managed]: 'true',
    [labels.instanceUid]: 'uid-of-demo',
    [labels.project]: 'a',
    [labels.tenantCluster]: name,
  });

  it("connects streams to a tenant cluster's Service", async () => {
    await host('loft-a-v-demo', tenantLabels());
    // Of the tenant's own, with the labels of its control plane: it is not one.
    const synced = { app: 'demo', [labels.synced]: 'demo' };
    await createPod('loft-a-v-demo', 'a-synced', synced, '127.88.7.9');
    for (let round = 0; round < 3; round++)
      assert.equal(await readAll('demo.loft-a-v-demo.svc:443'), 'a control plane');
  });

  it('connects them to nothing else in its cluster', async () => {
    const { [labels.instanceUid]: _, ...withoutUid } = tenantLabels();
    await host('no-labels', {});
    await host('no-uid', withoutUid);
    await host('a-space', {
      [labels.instanceUid]: 'uid',
      [labels.project]: 'a',
      [labels.space]: 'demo',
    });
    await host('a-space-in-disguise', { ...tenantLabels(), [labels.space]: 'demo' });
    await host('kube-demo', tenantLabels());
    await host('another-name', tenantLabels('other'));
    await admin.core.createNamespacedService({
      namespace: 'loft-a-v-demo',
      body: { metadata: { name: 'second' }, spec: { selector: { app: 'demo' }, ports: [{ port: 443 }] } },
    });
    for (const authority of [
      'demo.no-labels.svc:443',
      'demo.no-uid.svc:443',
      'demo.a-space.svc:443',
      'demo.a-space-in-disguise.svc:443',
      'demo.kube-demo.svc:443',
      'demo.another-name.svc:443',
      'demo.missing.svc:443',
      'second.loft-a-v-demo.svc:443',
      'kubernetes.default.svc:443',
    ])
      await assert.rejects(
        open(authority),
        (error) => error instanceof PlatformError && error.code === 'forbidden',
        authority,
      );
  });

  it('dials no address that cannot be a pod', async () => {
    for (const [index, address] of ['127.0.0.1', '169.254.169.254', '::1'].entries()) {
      const name = `at-${index}`;
      await admin.core.createNamespace({ body: { metadata: { name, labels: tenantLabels() } } });
      await admin.core.createNamespacedService({
        namespace: name,
        body: { metadata: { name: 'demo' }, spec: { selector: { app: 'demo' }, ports: [{ port: 443 }] } },
      });
      await admin.core.createNamespacedServiceAccount({
        namespace: name,
        body: { metadata: { name: 'default' } },
      });
      await createPod(name, 'demo-0', { app: 'demo' }, address);
      await assert.rejects(
        open(`demo.${name}.svc:443`),
        /^PlatformError: connected cluster test has a pod with an address that is not dialled$/,
      );
    }
  });

  it("hears within seconds that a namespace became a tenant cluster's", async () => {
    await host('late', {});
    await assert.rejects(open('demo.late.svc:443'), /is not a tenant cluster's/);
    const body = [{ op: 'add', path: '/metadata/labels', value: tenantLabels() }];
    await admin.core.patchNamespace({ name: 'late', body });
    await eventually('it is one', () => readAll('demo.late.svc:443'), soon);
  });

  it('has a generation of its own in each process, also of two that start at once', async () => {
    const api = openClusterApi(join(platform.dir, 'kubeconfig'));
    const store = createSecretStore(api, platformNamespace, secretName);
    const before = Number((await stored())['generation']);
    const generations = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const next = await store.update((known) => ({ ...known, generation: known.generation + 1 }));
        return next.generation;
      }),
    );
    assert.deepEqual(
      generations.toSorted((a, b) => a - b),
      [1, 2, 3, 4].map((more) => before + more),
    );
    await api.close();
  });

  it('lets streams end when it is told to stop', async () => {
    const held = await open('agent:80');
    held.on('error', () => undefined);
    const stopping = agent.stop();
    await eventually('it drains', () => platform.tunnels.every(({ session: one }) => one.isDraining), soon);
    held.write('GET /v1/health HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n');
    assert.match(await text(held), /^HTTP\/1\.1 200/);
    held.end();
    await stopping;
  });

  it('changes its credential while it is connected, and the former one ends', async () => {
    const first = (await stored())['credential'] ?? '';
    const requests = platform.requests.length;
    agent = await startAgent('rotating', { rotateSeconds: 1 });
    await eventually('the next one is in use', async () => (await stored())['credential'] !== first, soon);
    await eventually('by the tunnels', () => platform.tunnels.at(-1)?.bearer !== first, soon);
    assert.ok(!platform.hashes.has(hashOf(first)));
    assert.ok(platform.requests.slice(requests).every(({ bearer }) => bearer !== joinKey));
    await agent.stop();
  });

  it('acts as the service account of its pod, and answers probes', async () => {
    const namespace = platformNamespace;
    await admin.core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'agent' } } });
    const binding = {
      metadata: { name: 'agent-of-this-test' },
      subjects: [{ kind: 'ServiceAccount', name: 'agent', namespace }],
    };
    const roleRef = (kind: string) => ({
      apiGroup: 'rbac.authorization.k8s.io',
      kind,
      name: identities.agent,
    });
    await admin.rbac.createClusterRoleBinding({ body: { ...binding, roleRef: roleRef('ClusterRole') } });
    await admin.rbac.createNamespacedRoleBinding({
      namespace,
      body: { ...binding, roleRef: roleRef('Role') },
    });
    const { status } = await admin.core.createNamespacedServiceAccountToken({
      namespace,
      name: 'agent',
      body: { spec: { audiences: [], expirationSeconds: 600 } },
    });
    const folder = join(platform.dir, 'account');
    mkdirSync(folder);
    writeFileSync(join(folder, 'ca.crt'), server.certificateAuthority);
    writeFileSync(join(folder, 'token'), `${status?.token ?? ''}\n`);
    const { hostname, port } = new URL(server.url);
    const env = {
      SERVICE_ACCOUNT_DIR: folder,
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      POD_IP: '127.88.7.2',
    };
    const probe = async (path: string) => (await fetch(`http://127.88.7.2:8080${path}`)).status;
    platform.before = () => 503;
    agent = await startAgent('in-pod', { probePort: 8080 }, env);
    await eventually('it lives', async () => (await probe('/healthz')) === 200, soon);
    assert.equal(await probe('/readyz'), 503);
    platform.before = undefined;
    await eventually('it is ready', async () => (await probe('/readyz')) === 200, soon);
    assert.equal((await ask<AgentHealth>('GET', '/v1/health')).status, 200);
    assert.equal((await ask('POST', '/v1/credentials')).status, 200);
    await agent.stop();
  });

  it('tells no secret in its log', async () => {
    const logs = `${log()}${log('rotating')}${log('in-pod')}`;
    assert.match(logs, /tunnel is open/);
    const secrets = [joinKey, 'vcpa_', ...Object.values(await stored()).filter((one) => one.length > 40)];
    for (const secret of secrets) assert.ok(!logs.includes(secret), secret);
  });
});
