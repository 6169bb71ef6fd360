import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { after, before, describe, it } from 'node:test';
import type { V1Secret } from '@kubernetes/client-node';
import { createAgentApi } from '../../agent/agent-api.ts';
import { type ClusterApi, openClusterApi } from '../../agent/cluster-api.ts';
import { applyCluster } from '../../adapters/cluster-setup.ts';
import { createConnectedClusters } from '../../adapters/connected-clusters.ts';
import { hostNamespaces } from '../../adapters/host-namespaces.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { readKubeconfig } from '../../adapters/kubernetes/read-kubeconfig.ts';
import { openRequest, requestJson } from '../../adapters/kubernetes/request.ts';
import { managementResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import { createLogger } from '../../adapters/logging.ts';
import { writePrivateFile } from '../../adapters/processes/start-process.ts';
import { type ConnectListener, createConnectListener } from '../../api/tunnel/connect-listener.ts';
import type { Dial } from '../../api/tunnel/dial.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { annotations, clusterCredentialSecret, platformNamespace, writers } from '../../contracts/names.ts';
import { createCaches } from '../../controllers/caches.ts';
import { createAgentClient } from '../../controllers/clusters/agent-client.ts';
import { createAgentRecords } from '../../controllers/clusters/agent-records.ts';
import { createOwnedRbac } from '../../controllers/rbac/owned-rbac.ts';
import { type RunningControllers, startControllers } from '../../controllers/start-controllers.ts';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { insertJoinKey, joinAgent, type JoinOutcome } from '../../db/queries/agent-joins.ts';
import { closeTunnelsOf, openTunnel, renewTunnels } from '../../db/queries/agent-tunnels.ts';
import { agentOf, raiseGeneration } from '../../db/queries/agents.ts';
import { createOperationsDependencies } from '../../operations/dependencies.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { startManagementApi, type TestManagementApi } from '../support/management-api.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';

const secret = randomBytes(16).toString('hex');
const hash = () => randomBytes(32).toString('hex');

/** A cluster with an agent, whose tunnel is a TCP connection: what gateways write of it is written here. */
describe('clusters with an agent', () => {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-agents-'));
  let api: TestManagementApi;
  let west: TestApiServer;
  let westAdmin: ClusterClient;
  let clusterApi: ClusterApi;
  let postgres: TestPostgres;
  let databaseUrl: string;
  let database: Database;
  let agentServer: Server;
  let listener: ConnectListener;
  let running: Awaited<ReturnType<typeof start>>;
  let renewing: NodeJS.Timeout;
  /** What stands for a cluster that its administrator has turned on the platform. */
  let hostile: Server;
  let hostileAnswer = '{}';
  const watches: AbortController[] = [];

  before(async () => {
    [api, west, postgres] = await Promise.all([
      startManagementApi({ controllerManager: true }),
      startApiServer(),
      startPostgres(),
    ]);
    databaseUrl = await postgres.createDatabase();
    await migrate(databaseUrl);
    database = createDatabase(databaseUrl);
    westAdmin = connectCluster(west.adminKubeconfig);
    await applyCluster(westAdmin, 'west', writers.bootstrap, 'agent');
    const kubeconfig = join(dir, 'agent.yaml');
    writePrivateFile(kubeconfig, await west.kubeconfig('vcluster-platform:agent'));
    clusterApi = openClusterApi(kubeconfig);
    agentServer = createAgentApi(clusterApi, platformNamespace, createLogger('agent', 'error'));
    hostile = createServer((_request, response) => response.end(hostileAnswer));
    for (const server of [agentServer, hostile]) await once(server.listen(0, '127.0.0.1'), 'listening');
    listener = createConnectListener({
      dial,
      dialHere: dial,
      secret,
      isKnown: () => true,
      ready: Promise.resolve(),
      logger: createLogger('gateway', 'error'),
    });
    await once(listener.server.listen(0, '127.0.0.1'), 'listening');
    renewing = setInterval(
      () => void database.query((db) => renewTunnels(db, 'one')).catch(() => undefined),
      1000,
    );
    running = await start();
  });
  after(async () => {
    clearInterval(renewing);
    for (const watch of watches) watch.abort();
    await running?.stop();
    await listener?.close();
    for (const server of [agentServer, hostile]) {
      server?.closeAllConnections();
      server?.close();
    }
    await clusterApi?.close();
    await database?.close();
    await postgres?.stop();
    await west?.stop();
    await api?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const dial: Dial = async (target) => {
    const agent = ['hostile', 'misnamed'].includes(target.cluster) ? hostile : agentServer;
    const port = (server: Server) => (server.address() as AddressInfo).port;
    if (target.kind === 'service') throw new PlatformError('not_found', 'there are none');
    const socket = connectTcp(target.kind === 'agent' ? port(agent) : clusterApi.port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };

  async function start(): Promise<RunningControllers> {
    const logger = createLogger('controllers', 'error');
    const client = await api.as('vcluster-platform:controllers');
    const operations = createOperationsDependencies(
      {
        databaseUrl: await urlOfRole(databaseUrl, 'controllers'),
        temporal: { address: '127.0.0.1:1', namespace: 'none' }, // operations are not part of these tests
      },
      logger,
    );
    const clusters = createConnectedClusters({ management: client, workDir: dir, credential: 'controllers' });
    const { port } = listener.server.address() as AddressInfo;
    const proxyUrl = `http://worker:${secret}@127.0.0.1:${port}`;
    const connect = { proxyUrl, client: createAgentClient(proxyUrl) };
    const gateway = createConnectedClusters({
      management: client,
      workDir: dir,
      credential: 'gateway',
      proxyUrl,
    });
    const controllers = startControllers({
      client,
      resources: managementResources(client),
      caches: createCaches(client.kubeConfig, logger),
      rbac: createOwnedRbac(client.kubeConfig, logger),
      clusters,
      watchedClusters: clusters,
      followedClusters: createConnectedClusters({ management: client, workDir: dir }),
      otherAccounts: { gateway },
      spaces: hostNamespaces(clusters),
      tenants: hostNamespaces(createConnectedClusters({ management: client, workDir: dir })),
      operations,
      agents: createAgentRecords(operations.database, logger),
      connect,
      logger,
    });
    await controllers.caughtUp;
    return {
      ...controllers,
      async stop() {
        await controllers.stop();
        await connect.client.close();
        await operations.close();
      },
    };
  }

  const resources = () => api.resources;
  const statusOf = async (name: string) => (await resources().clusters.get({ name }))?.status ?? {};
  const says = (name: string, state: string, timeoutMs?: number) =>
    eventually(
      `${name} says ${state}`,
      async () => {
        const status = await statusOf(name);
        return `${status.phase}/${status.reason} ${status.online}` === state && status;
      },
      timeoutMs === undefined ? {} : { timeoutMs },
    );
  const make = (name: string) =>
    resources().clusters.create({ metadata: { name }, spec: { networkPeer: true } });
  const uidOf = async (name: string) => (await resources().clusters.get({ name }))?.metadata.uid ?? '';
  const join_ = async (
    cluster: string,
    kubeSystemUid: string,
    agentVersion = '0.1.0',
  ): Promise<JoinOutcome> => {
    const clusterUid = await uidOf(cluster);
    const keyHash = hash();
    await database.query((db) =>
      insertJoinKey(db, { keyHash, clusterUid, cluster, createdBy: 'anna' }, 3600),
    );
    const agent = { kubeSystemUid, agentVersion, kubernetesVersion: 'v1.2.3', credentialHash: hash() };
    return database.transaction((tx) => joinAgent(tx, { keyHash, ...agent }, () => true));
  };
  const open = async (cluster: string, generation = 1) => {
    const clusterUid = await uidOf(cluster);
    await database.query(async (db) => {
      const agent = await agentOf(db, clusterUid);
      assert.ok(agent !== undefined);
      await raiseGeneration(db, agent, { generation, agentVersion: '0.0.9' });
      const row = { clusterUid, cluster, generation, slot: 0, gateway: 'one', address: '127.0.0.1:1' };
      await openTunnel(db, { id: randomUUID(), ...row });
    });
  };
  /** What is written of Clusters from now on. */
  const watchClusters = async () => {
    const seen: Stored<Cluster>[] = [];
    const watching = new AbortController();
    watches.push(watching);
    const { body } = await openRequest(api.admin.kubeConfig, {
      path: '/apis/management.loft.sh/v1/clusters?watch=true',
      signal: watching.signal,
    });
    assert.ok(body !== null);
    void (async () => {
      for await (const line of createInterface({ input: Readable.fromWeb(body as ReadableStream) }))
        seen.push((JSON.parse(line) as { object: Stored<Cluster> }).object);
    })().catch(() => undefined);
    return () => seen;
  };
  /** kstatus reads conditions alone: at no moment may they say other than the phase. */
  const assertReadyFollows = (seen: readonly Stored<Cluster>[], name: string) => {
    const readyIn: Record<string, string> = { Initialized: 'True', Failed: 'False', '': 'Unknown' };
    const said = seen.flatMap(({ metadata, status: { phase = '', conditions } = {} }) =>
      metadata.name === name
        ? [[phase, conditions?.find(({ type }) => type === 'Ready')?.status] as const]
        : [],
    );
    assert.ok(new Set(said.map(([phase]) => phase)).size >= 2, JSON.stringify(said));
    for (const [phase, ready] of said) assert.equal(ready, readyIn[phase], JSON.stringify(said));
  };
  const secretOf = (cluster: string, account: 'gateway' | 'worker' | 'controllers') =>
    api.admin.core.readNamespacedSecret({
      namespace: platformNamespace,
      name: clusterCredentialSecret(cluster, account),
    });
  const configIn = ({ data }: V1Secret) => Buffer.from(data?.['config'] ?? '', 'base64').toString('utf8');
  const eventsOf = async (name: string) => {
    const path = '/apis/events.k8s.io/v1/namespaces/default/events';
    const { items } = (await requestJson(api.admin.kubeConfig, { path })) as {
      items: { reason: string; note: string; regarding: { name: string } }[];
    };
    return items.filter(({ regarding }) => regarding.name === name);
  };

  it('waits for an agent, and says how it is installed', async () => {
    await make('west');
    const { message } = await says('west', '/InitializeCluster false');
    assert.match(message ?? '', /vcp add cluster west/);
  });

  it('gets credentials from an agent that has connected, within seconds', async () => {
    const { metadata } = await westAdmin.core.readNamespace({ name: 'kube-system' });
    assert.equal(await join_('west', metadata?.uid ?? ''), 'joined');
    await open('west');
    const status = await says('west', 'Initialized/ true', 10_000);
    assert.ok(status.lastSeen !== undefined && Date.now() - Date.parse(status.lastSeen) < 10_000);
    for (const account of ['gateway', 'worker', 'controllers'] as const) {
      const kept = await secretOf('west', account);
      assert.deepEqual(
        kept.metadata?.ownerReferences?.map(({ kind, name }) => [kind, name]),
        [['Cluster', 'west']],
      );
      const { expiresAt, renewAt } = annotations;
      const [renew = 0, end = 0] = [renewAt, expiresAt].map((name) =>
        Date.parse(kept.metadata?.annotations?.[name] ?? ''),
      );
      assert.ok(renew > Date.now() && end - renew > renew - Date.now() - 60_000, `${renew} ${end}`);
      const { server, proxyUrl, token } = readKubeconfig(configIn(kept));
      assert.deepEqual(
        [server, proxyUrl === undefined, token?.split('.').length],
        ['https://kubernetes.west.connected', account === 'gateway', 3],
      );
    }
    const worker = connectCluster(configIn(await secretOf('west', 'worker')));
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const review = (await requestJson(worker.kubeConfig, { method: 'POST', path, body: {} })) as {
      status: { userInfo: { username: string } };
    };
    assert.equal(review.status.userInfo.username, `system:serviceaccount:${platformNamespace}:worker`);
  });

  it('says how the cluster is doing, and that its agent is of another version', async () => {
    const { metadata } = await westAdmin.core.readNamespace({ name: 'kube-system' });
    const status = await eventually('it is measured', async () => {
      const found = await statusOf('west');
      return found.nodes !== undefined && found;
    });
    assert.deepEqual(
      [status.clusterUID, status.nodes, status.agentVersion, status.tenants],
      [metadata?.uid, { ready: 0, total: 0 }, '0.0.9', 0],
    );
    assert.match(status.kubernetesVersion ?? '', /^v1\.\d+\.\d+/);
    assert.ok((status.apiLatencyMs ?? -1) >= 0);
    const skew = status.conditions?.find(({ type }) => type === 'AgentVersion');
    assert.deepEqual([skew?.status, skew?.severity], ['False', 'Warning']);
  });

  it('gets new credentials from an agent that has started again', async () => {
    const generationOf = async () =>
      (await secretOf('west', 'controllers')).metadata?.annotations?.[annotations.madeWith]?.split(' ')[2];
    assert.equal(await generationOf(), '1');
    await open('west', 2);
    await eventually('they are of the new one', async () => (await generationOf()) === '2');
  });

  it('gets new credentials when the cluster refuses the ones that there are', async () => {
    const before_ = configIn(await secretOf('west', 'controllers'));
    const place = { namespace: platformNamespace, name: 'controllers' };
    await westAdmin.core.deleteNamespacedServiceAccount(place);
    await westAdmin.core.createNamespacedServiceAccount({
      namespace: platformNamespace,
      body: { metadata: { name: 'controllers' } },
    });
    // They are tried once a minute, and at the start.
    await running.stop();
    running = await start();
    await eventually(
      'there are others',
      async () => configIn(await secretOf('west', 'controllers')) !== before_,
    );
  });

  it('is offline within 30 s of silence, online again within 10 s, and both are events', async () => {
    const seen = await watchClusters();
    await database.query((db) => closeTunnelsOf(db, 'one'));
    const { message, lastSeen } = await says('west', 'Failed/Offline false', 30_000);
    assert.equal(message, `The agent has been offline since ${lastSeen}`);
    await open('west', 3);
    await says('west', 'Initialized/ true', 10_000);
    await eventually('people are told', async () => {
      const reasons = (await eventsOf('west')).map(({ reason }) => reason);
      return reasons.includes('Offline') && reasons.includes('Online');
    });
    assertReadyFollows(seen(), 'west');
  });

  it('cannot be connected twice', async () => {
    await make('again');
    await says('again', '/InitializeCluster false');
    const { metadata } = await westAdmin.core.readNamespace({ name: 'kube-system' });
    assert.equal(await join_('again', metadata?.uid ?? ''), 'ClusterUID');
    const { message } = await says('again', 'Failed/ClusterUID false');
    assert.match(message ?? '', /connected already/);
    await eventually('people are told', async () =>
      (await eventsOf('again')).some(({ reason }) => reason === 'ClusterUID'),
    );
  });

  it('keeps its agent when another cluster asks to be it, and people are told', async () => {
    const before_ = await database.query(async (db) => agentOf(db, await uidOf('west')));
    assert.equal(await join_('west', 'of another one'), 'OtherCluster');
    await eventually('people are told', async () =>
      (await eventsOf('west')).some(({ reason }) => reason === 'JoinRefused'),
    );
    const after_ = await database.query(async (db) => agentOf(db, await uidOf('west')));
    assert.equal(after_?.joinId, before_?.joinId);
    await says('west', 'Initialized/ true');
  });

  it('takes nothing from an agent that makes no sense, and says nothing of what it was', async () => {
    await make('hostile');
    hostileAnswer = JSON.stringify({
      certificateAuthority: 'hunter2',
      tlsServerName: 'kubernetes',
      tokens: { gateway: 'a\nproxy-url: hunter2', worker: 'hunter2', controllers: 'hunter2' },
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    assert.equal(await join_('hostile', 'another'), 'joined');
    await open('hostile');
    const { message } = await eventually('it is said', async () => {
      const found = await statusOf('hostile');
      return found.online === true && /tokens that are not any/.test(found.message ?? '') && found;
    });
    assert.doesNotMatch(message ?? '', /hunter2/);
    hostileAnswer = `{"tokens": "${'x'.repeat(300_000)}"}`;
    await eventually('and of too long an answer', async () =>
      /longer than/.test((await statusOf('hostile')).message ?? ''),
    );
    await eventually('nor does it say how it is', async () =>
      (await statusOf('hostile')).conditions?.some(
        ({ type, reason }) => type === 'HealthKnown' && reason === 'HealthCheckCluster',
      ),
    );
    await assert.rejects(secretOf('hostile', 'worker'), /404/);
    assert.doesNotMatch(JSON.stringify(await statusOf('hostile')), /hunter2|xxx/);
  });

  it('is not online while its API server cannot be used as the agent says, and is once it can', async () => {
    const { port } = agentServer.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/v1/credentials`, { method: 'POST' });
    const credentials = (await answer.json()) as object;
    hostileAnswer = JSON.stringify({ ...credentials, tlsServerName: 'elsewhere.example' });
    await make('misnamed');
    assert.equal(await join_('misnamed', 'misnamed'), 'joined');
    const seen = await watchClusters();
    await open('misnamed');
    const { message, conditions } = await says('misnamed', 'Failed/HealthCheckCluster false', 20_000);
    assert.match(message ?? '', /cannot be used through it: .*elsewhere\.example/);
    const ready = conditions?.find(({ type }) => type === 'Ready');
    assert.deepEqual([ready?.status, ready?.message], ['False', message]);
    assert.ok((await eventsOf('misnamed')).some(({ reason }) => reason === 'HealthCheckCluster'));
    hostileAnswer = JSON.stringify(credentials);
    await running.stop();
    running = await start(); // others are asked for at once, and then once a minute
    const status = await says('misnamed', 'Initialized/ true', 40_000);
    assert.ok((status.platformLatencyMs ?? 0) > 0);
    assertReadyFollows(seen(), 'misnamed');
    const phases = seen().flatMap(({ metadata, status: said }) =>
      metadata.name === 'misnamed' ? [said?.phase ?? ''] : [],
    );
    assert.deepEqual(
      phases.filter((phase, index) => phase !== phases[index - 1]),
      ['', 'Failed', 'Initialized'],
    );
  });

  it('gets other credentials for each process that is refused', async () => {
    const before_ = configIn(await secretOf('west', 'gateway'));
    const place = { namespace: platformNamespace, name: 'gateway' };
    await westAdmin.core.deleteNamespacedServiceAccount(place);
    await westAdmin.core.createNamespacedServiceAccount({
      namespace: platformNamespace,
      body: { metadata: { name: 'gateway' } },
    });
    const { token } = readKubeconfig(before_);
    await eventually('its token is refused', async () => {
      const path = '/apis/authentication.k8s.io/v1/tokenreviews';
      const review = await requestJson(westAdmin.kubeConfig, {
        method: 'POST',
        path,
        body: { spec: { token } },
      });
      return (review as { status: { authenticated?: boolean } }).status.authenticated !== true;
    });
    await running.stop();
    running = await start(); // all of them are tried at the start, and once a minute
    await eventually('there are others', async () => configIn(await secretOf('west', 'gateway')) !== before_);
    await says('west', 'Initialized/ true');
  });

  it('is not deleted while tenants are there', async () => {
    const project = { metadata: { name: 'guarded' } };
    await resources().projects.create(project);
    await eventually('the namespace of the project', () =>
      api.admin.core.readNamespace({ name: 'p-guarded' }).then(
        () => true,
        () => false,
      ),
    );
    const place = { name: 'tenant', namespace: 'p-guarded' };
    await resources().virtualclusterinstances.create({
      metadata: place,
      spec: { template: { helmRelease: {} }, clusterRef: { cluster: 'west' } },
    });
    await eventually('the status says so', async () =>
      (await statusOf('west')).conditions?.some(({ reason }) => reason === 'TenantsLive'),
    );
    await assert.rejects(resources().clusters.delete({ name: 'west' }), /1 tenant cluster or space is there/);
    await resources().virtualclusterinstances.delete(place);
    // No worker runs here that would delete what is behind it.
    await resources().virtualclusterinstances.patch(place, { metadata: { finalizers: null } });
    await eventually(
      'it may be deleted',
      async () => !(await statusOf('west')).conditions?.some(({ reason }) => reason === 'TenantsLive'),
    );
  });

  it('is forgotten with its Cluster, also while no controllers run', async () => {
    const [west_, hostile_] = [await uidOf('west'), await uidOf('hostile')];
    const agentIn = (uid: string) => database.query((db) => agentOf(db, uid));
    await resources().clusters.delete({ name: 'west' });
    await eventually('its agent is unknown', async () => (await agentIn(west_)) === undefined);
    await running.stop();
    await resources().clusters.delete({ name: 'hostile' });
    assert.notEqual(await agentIn(hostile_), undefined);
    running = await start();
    await eventually('so is the other one', async () => (await agentIn(hostile_)) === undefined);
    await eventually('its credentials go', () =>
      secretOf('west', 'worker').then(
        () => false,
        () => true,
      ),
    );
    await make('west');
    await says('west', '/InitializeCluster false');
  });
});
