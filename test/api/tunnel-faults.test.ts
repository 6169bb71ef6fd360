import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Agent, request } from 'undici';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../adapters/certificates/certificate-authority.ts';
import { sendSignal } from '../../adapters/processes/identity.ts';
import type { RunningProcess } from '../../adapters/processes/start-process.ts';
import type { AgentConfig } from '../../contracts/agent-config.ts';
import { agentPaths } from '../../contracts/agents.ts';
import { identities, platformNamespace } from '../../contracts/names.ts';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { insertJoinKey } from '../../db/queries/agent-joins.ts';
import { tunnelsOf } from '../../db/queries/agent-tunnels.ts';
import { agentOf } from '../../db/queries/agents.ts';
import { agentJoinKeys } from '../../db/schema/agents.ts';
import { startChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { createFalseClock, type FalseClock } from '../support/false-clock.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { hashOf } from './test-gateway.ts';
import { keyOf } from './user-calls.ts';
import { connectWest } from './west-cluster.ts';

const path = '/kubernetes/cluster/west/api/v1/namespaces/default';
const agentMain = join(import.meta.dirname, '..', '..', 'agent', 'main.ts');
const soon = { timeoutMs: 20_000, intervalMs: 50 };

/** A gateway and an agent in processes of their own, each with a clock that can be wrong, and PostgreSQL that can be away. */
describe('faults between agents and gateways', { timeout: 300_000 }, () => {
  const undo = new AsyncDisposableStack();
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false }, bodyTimeout: 0 });
  let postgres: TestPostgres;
  let way: TcpRelay;
  let database: Database;
  let authority: CertificateAuthority;
  let fixture: ManagementFixture;
  let gateway: GatewayProcess;
  let agent: RunningProcess;
  let uid: string;
  let clocks: { gateway: FalseClock; agent: FalseClock } | undefined;

  before(async () => {
    undo.defer(() => dispatcher.destroy());
    postgres = await startPostgres();
    undo.defer(() => postgres.stop());
    await migrate(postgres.url);
    database = createDatabase(postgres.url, 2);
    undo.defer(() => database.close());
    way = await startTcpRelay(Number(new URL(postgres.url).port));
    undo.defer(() => way.stop());
    const databaseUrl = new URL(postgres.url);
    databaseUrl.port = String(way.port);
    authority = await createCertificateAuthority('gateways');
    fixture = await startManagementFixture({ authority });
    undo.defer(() => fixture.stop());
    await connectWest({ admin: fixture.admin, server: fixture.apiServer });
    const [ofGateway, ofAgent] = ['gateway', 'agent'].map((name) => createFalseClock(fixture.dir, name));
    if (ofGateway !== undefined && ofAgent !== undefined) clocks = { gateway: ofGateway, agent: ofAgent };
    const spec = { networkPeer: true };
    const west = await fixture.resources.clusters.create({ metadata: { name: 'west' }, spec });
    uid = west.metadata.uid ?? '';
    const key = `vcpj_${'x'.repeat(43)}`;
    const row = { keyHash: hashOf(key), clusterUid: uid, cluster: 'west', createdBy: 'test' };
    await database.query((db) => insertJoinKey(db, row, 3600));
    writeFileSync(file('key'), key);
    const env = Object.entries(ofGateway?.env ?? {}).map(([name, value]) => `${name}=${value}`);
    gateway = await startGatewayProcess(fixture, {
      config: { databaseUrl: databaseUrl.href },
      under: ['env', ...env],
    });
    undo.defer(() => gateway.stop());
  });
  after(async () => {
    await agent?.stop();
    await undo.disposeAsync();
  });

  const file = (what: string) => join(fixture.dir, `agent-${what}`);
  const log = () => readFileSync(file('log'), 'utf8');
  const credential = () =>
    (JSON.parse(readFileSync(file('credential'), 'utf8')) as { credential: string }).credential;

  async function startAgent(more: Partial<AgentConfig> = {}): Promise<RunningProcess> {
    writeFileSync(file('kubeconfig'), await fixture.apiServer.kubeconfig(identities.agent));
    const config: AgentConfig = {
      logLevel: 'debug',
      url: gateway.url,
      caFile: fixture.caFile,
      joinKeyFile: file('key'),
      credential: { file: file('credential') },
      kubeconfig: file('kubeconfig'),
      namespace: platformNamespace,
      ...more,
    };
    writeFileSync(file('config'), JSON.stringify(config));
    const args = [agentMain, '--config', file('config')];
    const env = clocks?.agent.env ?? {};
    return startChild('agent', { binary: process.execPath, args, env }, file('log'));
  }

  const answers = () =>
    gateway.call('anna', 'GET', path).then(
      ({ status }) => status === 200,
      () => false,
    );
  const works = (what = 'requests get through') => eventually(what, answers, soon);
  const known = () => database.query((db) => agentOf(db, uid));
  const tunnels = () => database.query((db) => tunnelsOf(db, uid));

  /** A watch through the tunnel. */
  async function openStream(): Promise<{ lines(): number; isOpen(): boolean }> {
    const url = `${gateway.url}/kubernetes/cluster/west/api/v1/namespaces?watch=true`;
    const headers = { authorization: `Bearer ${keyOf('anna')}` };
    const { statusCode, body } = await request(url, { dispatcher, headers });
    assert.equal(statusCode, 200);
    let [lines, isOpen] = [0, true];
    const end = () => void (isOpen = false);
    body.on('error', end).on('close', end);
    body.on('data', (chunk: Buffer) => (lines += chunk.toString().split('\n').length - 1));
    await eventually('the stream has begun', () => lines > 0, soon);
    return { lines: () => lines, isOpen: () => isOpen };
  }
  let namespaces = 0;
  async function carries(stream: Awaited<ReturnType<typeof openStream>>): Promise<void> {
    const before_ = stream.lines();
    await fixture.admin.core.createNamespace({ body: { metadata: { name: `told-${namespaces++}` } } });
    await eventually('the stream goes on', () => stream.lines() > before_, soon);
  }

  async function present(issuer: CertificateAuthority): Promise<void> {
    const names = ['localhost', '127.0.0.1'];
    const { certificate, key } = await issuer.issue({ commonName: 'gateway', names, usages: ['server'] });
    writeFileSync(join(fixture.dir, 'tls.crt'), certificate);
    writeFileSync(join(fixture.dir, 'tls.key'), key);
    await gateway.end('SIGKILL');
    await gateway.start();
  }

  it('an agent joins though its clock is hours behind, once PostgreSQL is there, and uses its key once', async () => {
    clocks?.agent.set(-5);
    way.close();
    agent = await startAgent();
    await eventually('it was told', () => log().includes('503'), soon);
    way.open();
    await works();
    const used = await database.query((db) => db.select().from(agentJoinKeys));
    assert.equal(used.length, 1);
    assert.notEqual(used[0]?.usedAt, null);
    assert.equal(log().match(/joined the platform/g)?.length, 1);
    assert.equal((await known())?.cluster, 'west');
    const [line = '{}'] = log().split('\n');
    const saidAt = new Date((JSON.parse(line) as { time: string | number }).time);
    const hoursOff = Math.round((saidAt.getTime() - Date.now()) / 3_600_000);
    assert.equal(hoursOff, clocks === undefined ? 0 : -5);
  });

  it('clocks that jump by hours cut no stream', async (context) => {
    if (clocks === undefined) return context.skip('needs a C compiler');
    const stream = await openStream();
    for (const [who, hours] of [
      ['agent', 7],
      ['gateway', 9],
      ['agent', -7],
      ['gateway', -9],
    ] as const) {
      clocks[who].set(hours);
      await works();
      await carries(stream);
    }
    // They stay wrong for what follows.
    const { lastSeenAt } = (await known()) ?? {};
    assert.ok(Math.abs(Date.now() - (lastSeenAt?.getTime() ?? 0)) < 60_000, `${lastSeenAt?.toISOString()}`);
  });

  it('PostgreSQL that is away keeps no request from a tunnel that is there', async () => {
    const stream = await openStream();
    way.close();
    const until = performance.now() + 12_000; // tunnels that were not renewed are dead after 10
    while (performance.now() < until) {
      assert.ok(await answers());
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await carries(stream);
    way.open();
    await eventually(
      'its tunnels are in the records again',
      async () => (await tunnels()).length === 2,
      soon,
    );
    assert.ok(stream.isOpen());
  });

  it('an agent that is killed ends its streams, and the next one serves at once', async () => {
    const stream = await openStream();
    sendSignal(agent.identity, 'SIGKILL', 'process');
    await eventually('the client is told', () => !stream.isOpen(), soon);
    assert.equal((await gateway.call('anna', 'GET', path)).status, 503);
    clocks?.agent.set(8);
    agent = await startAgent({ rotateSeconds: 2 });
    await works();
    for (const hours of [-8, 0]) {
      const former = credential();
      clocks?.agent.set(hours);
      await eventually(
        'its credential is replaced whatever its clock says',
        () => credential() !== former,
        soon,
      );
    }
    await works();
  });

  it('a gateway that is killed in mid-stream is found again by the agent, also with another certificate', async () => {
    const stream = await openStream();
    await present(authority); // with another certificate
    await eventually('the client is told', () => !stream.isOpen(), soon);
    await works();
  });

  it('an agent does not connect to a gateway with a certificate of another authority, and says so', async () => {
    await present(await createCertificateAuthority('others'));
    const logged = log().length;
    const later = () => log().slice(logged);
    await eventually('it is said', () => /unable to verify|self-signed/.test(later()), soon);
    assert.doesNotMatch(later(), /tunnel is open/);
    await present(authority);
    await works('it connects again');
  });

  it('an agent of another protocol is refused, and its version is told; with no version it is served', async () => {
    await agent.stop();
    await eventually('its tunnels are gone', async () => (await tunnels()).length === 0, soon);
    const ask = async (protocol: string, headers: Record<string, string>) => {
      const socket = connectTls({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false });
      const lines = Object.entries({ authorization: `Bearer ${credential()}`, ...headers });
      const head = [
        `GET ${agentPaths.tunnel} HTTP/1.1`,
        `host: 127.0.0.1:${gateway.port}`,
        `connection: Upgrade`,
        `upgrade: ${protocol}`,
        ...lines.map(([name, value]) => `${name}: ${value}`),
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
      setTimeout(() => socket.end(), 1_000).unref();
      return text(socket);
    };
    const refused = await ask('vcluster-platform-tunnel.v0', { 'x-agent-version': '0.0.1' });
    assert.match(refused, /^HTTP\/1\.1 400 [\s\S]*this platform speaks vcluster-platform-tunnel\.v1/);
    assert.equal((await known())?.agentVersion, '0.0.1');
    const served = await ask('vcluster-platform-tunnel.v1', {
      'x-agent-generation': '1000',
      'x-agent-slot': '0',
    });
    assert.match(served, /^HTTP\/1\.1 101 /);
    assert.equal((await known())?.agentVersion, '');
    const unplaced = await ask('vcluster-platform-tunnel.v1', {});
    assert.match(unplaced, /^HTTP\/1\.1 400 [\s\S]*x-agent-generation must be a number/);
  });
});
