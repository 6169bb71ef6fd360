import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { type RunningAgent, startAgent } from '../../agent/agent.ts';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { identities, platformNamespace } from '../../contracts/names.ts';
import { createDatabase, type Database } from '../../db/client.ts';
import { insertJoinKey } from '../../db/queries/agent-joins.ts';
import { agentOf, deleteAgent } from '../../db/queries/agents.ts';
import { migrate } from '../../db/migrate.ts';
import { freePort } from '../../local/ports.ts';
import { eventually } from '../support/eventually.ts';
import { startManagementApi, type TestManagementApi } from '../support/management-api.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { applyPeople, type ManagementFixture, startGateway } from './management-fixture.ts';
import { hashOf } from './test-gateway.ts';
import { connectWest } from './west-cluster.ts';

type Gateway = Omit<ManagementFixture, 'stop'>;

const path = '/kubernetes/cluster/west/api/v1/namespaces/default';
const soon = { timeoutMs: 15_000, intervalMs: 20 };

/** Two gateways of one platform, and connected cluster `west` behind an agent: the agent reaches them at one address, as through a load balancer. */
describe('tunnels of agents', { timeout: 240_000 }, () => {
  const undo = new AsyncDisposableStack();
  let postgres: TestPostgres;
  let database: Database;
  let api: TestManagementApi;
  let gateways: [Gateway, Gateway];
  let balancer: TcpRelay;
  let agent: RunningAgent;
  let clusterUid: string;
  before(async () => {
    [postgres, api] = await Promise.all([startPostgres(), startManagementApi()]);
    undo.defer(() => postgres.stop());
    undo.defer(() => api.stop());
    await migrate(postgres.url);
    database = createDatabase(postgres.url, 2);
    undo.defer(() => database.close());
    await applyPeople(api.admin, api.resources);
    const { metadata } = await api.resources.clusters.create({
      metadata: { name: 'west' },
      spec: { networkPeer: true },
    });
    clusterUid = metadata.uid ?? '';
    const authority = await createCertificateAuthority('gateways');
    const options = async () => ({ authority, databaseUrl: postgres.url, connectPort: await freePort() });
    gateways = [
      await startGateway(api, await options(), undo),
      await startGateway(api, await options(), undo),
    ];
    await connectWest(api);
    balancer = await startTcpRelay(portOf(gateways[0]));
    undo.defer(() => balancer.stop());
    agent = await startAgentNamed('a');
    undo.defer(() => agent.stop(0));
  });
  after(() => undo.disposeAsync());

  /** An agent with its own credential file, or with a copy of that of another. */
  async function startAgentNamed(name: string, copyOf?: string): Promise<RunningAgent> {
    const { dir, caFile } = gateways[0];
    const file = (what: string) => join(dir, `${name}-${what}`);
    if (copyOf === undefined) {
      const key = `vcpj_${name.padEnd(43, 'x')}`;
      const row = { keyHash: hashOf(key), clusterUid, cluster: 'west', createdBy: 'test' };
      await database.query((db) => insertJoinKey(db, row, 3600));
      writeFileSync(file('key'), key);
    } else copyFileSync(join(dir, `${copyOf}-credential`), file('credential'));
    writeFileSync(file('kubeconfig'), await api.server.kubeconfig(identities.agent));
    const running = startAgent(
      {
        url: `https://127.0.0.1:${balancer.port}`,
        caFile,
        joinKeyFile: file('key'),
        credential: { file: file('credential') },
        kubeconfig: file('kubeconfig'),
        namespace: platformNamespace,
      },
      pino({ level: process.env['GATEWAY_LOG'] ?? 'silent' }, pino.destination(2)),
    );
    await running.ready;
    return running;
  }

  const get = (gateway: Gateway) => gateway.call('anna', 'GET', path);
  const portOf = (gateway: Gateway) => Number(new URL(gateway.url).port);
  const isHere = (gateway: Gateway) => gateway.parts.gateway.tunnels.isHere('west');
  const sizes = () => gateways.map(({ parts }) => parts.gateway.tunnels.size);

  it('carry requests under the identity of their caller', async () => {
    const answer = await get(gateways[0]);
    assert.equal(answer.status, 200);
    const refused = await gateways[0].call('carl', 'GET', path);
    assert.equal(refused.status, 404, 'carl may not know that the cluster exists');
    await eventually('two tunnels', () => sizes()[0] === 2, soon);
  });

  it('serve the requests of a gateway that has none, through the one that holds them', async () => {
    assert.deepEqual(sizes(), [2, 0]);
    assert.equal((await get(gateways[1])).status, 200);
    assert.equal(isHere(gateways[1]), false);
  });

  it('move to another gateway when one stops, and no request is lost meanwhile', async () => {
    balancer.target = portOf(gateways[1]);
    const asked: Promise<{ status: number }>[] = [];
    const asking = setInterval(() => asked.push(get(gateways[1])), 50);
    gateways[0].parts.gateway.tunnels.announceEnd();
    await eventually('tunnels at the other gateway', () => sizes()[1] === 2, soon);
    gateways[0].parts.gateway.tunnels.closeAll();
    assert.equal((await get(gateways[1])).status, 200);
    clearInterval(asking);
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    assert.ok(statuses.length > 0);
    assert.deepEqual(new Set(statuses), new Set([200]));
  });

  it('that are cut come back', async () => {
    balancer.cut();
    await eventually('tunnels are back', async () => (await get(gateways[1])).status === 200, soon);
  });

  it('that lead nowhere any more are noticed within 10 s, by both ends', async () => {
    await eventually('two tunnels', () => sizes()[1] === 2, soon);
    const [since, triedBefore] = [performance.now(), balancer.accepted];
    balancer.freeze();
    await eventually('the gateway has noticed', () => sizes()[1] === 0 || balancer.accepted > triedBefore, {
      timeoutMs: 12_000,
      intervalMs: 20,
    });
    assert.ok(performance.now() - since < 10_500, `noticed after ${performance.now() - since} ms`);
    await eventually('new ones work', async () => (await get(gateways[1])).status === 200, soon);
  });

  it('of a newer process take the place of the older one at once', async () => {
    await eventually('two tunnels', () => sizes()[1] === 2, soon);
    const newer = await startAgentNamed('b', 'a');
    const row = await database.query((db) => agentOf(db, clusterUid));
    assert.equal(row?.generation, 2);
    assert.equal((await get(gateways[1])).status, 200);
    await agent.stop(0);
    assert.equal((await get(gateways[1])).status, 200);
    agent = newer;
  });

  it('a cluster without an agent fails its requests within 1 s, and they say since when', async () => {
    balancer.close();
    await eventually('no tunnels', () => sizes()[1] === 0, soon);
    const since = performance.now();
    const answer = await get(gateways[1]);
    assert.ok(performance.now() - since < 1_500, `answered after ${performance.now() - since} ms`);
    assert.equal(answer.status, 503);
    const { message, details } = answer.json() as unknown as {
      message: string;
      details: { causes: { reason: string }[] };
    };
    assert.match(message, /connected cluster west is offline: its agent was last connected at \d{4}-/);
    assert.equal(details.causes[0]?.reason, 'cluster_offline');
    assert.equal(answer.headers['retry-after'], undefined, 'kubectl would try ten times');
    balancer.open();
    await eventually('it is back', async () => (await get(gateways[1])).status === 200, soon);
  });

  it('end with their Cluster, whose agent is let in no more', async () => {
    await api.resources.clusters.delete({ name: 'west' });
    await database.query((db) => deleteAgent(db, clusterUid));
    await eventually('no tunnels', () => sizes()[1] === 0, soon);
    const triedBefore = balancer.accepted;
    await eventually('the agent tries again', () => balancer.accepted > triedBefore, soon);
    assert.equal(sizes()[1], 0);
  });
});
