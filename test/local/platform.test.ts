import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { isRunning } from '../../adapters/processes/identity.ts';
import type { TemporalServer } from '../../adapters/temporal-connection.ts';
import type { TemporalTls } from '../../contracts/config.ts';
import { processesNaming } from '../../local/demo/remains.ts';
import { answersTemporal } from '../../local/probes.ts';
import type { ProcessRecord } from '../../local/process-records.ts';
import { openTemporalPki } from '../../local/temporal-pki.ts';
import { eventually } from '../support/eventually.ts';
import { oidcClient, startOidcProvider, type TestOidcProvider } from '../support/oidc-provider.ts';
import { freePort, newStateDir, run, startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { type ReceivedSpan, startTraceReceiver, type TraceReceiver } from '../support/trace-receiver.ts';
import { readWorkerConfig } from '../support/worker-config.ts';

const main = 'local/main.ts';
/** Resolves once the server has said something after the handshake, or rejects with why it ended. */
async function handshake(options: ConnectionOptions): Promise<void> {
  const socket = connect({ ...options, host: '127.0.0.1', ALPNProtocols: ['h2'] });
  try {
    await once(socket, 'data');
  } finally {
    socket.destroy();
  }
}

const start = (...args: string[]) => run(process.execPath, [main, ...args], { timeoutMs: 60_000 });

describe('refused starts', () => {
  const stateDir = newStateDir();
  after(() => rmSync(stateDir, { recursive: true, force: true }));

  test('port_taken: the port is already in use', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { code, stderr } = await start('--state-dir', stateDir, '--port', String(port));
    server.close();
    assert.equal(code, 9);
    assert.match(
      stderr,
      new RegExp(`port ${port} on 127\\.0\\.0\\.1 is already in use: .*--port \\(port_taken\\)`),
    );
  });

  test('database_unavailable: the given PostgreSQL is unreachable; its password is not shown', async () => {
    const url = 'postgres://user:canary-password@127.0.0.1:1/database';
    const { code, stderr, stdout } = await start(
      '--state-dir',
      stateDir,
      '--port',
      '0',
      '--database-url',
      url,
    );
    assert.equal(code, 8);
    assert.match(
      stderr,
      /PostgreSQL at 127\.0\.0\.1:1 \(--database-url\) cannot be used.*\(database_unavailable\)/,
    );
    assert.doesNotMatch(stderr + stdout, /canary-password/);
    assert.deepEqual(processesNaming(stateDir), []);
  });

  test('temporal_unavailable: the given Temporal is unreachable', async () => {
    const { code, stderr } = await start(
      '--state-dir',
      stateDir,
      '--port',
      '0',
      '--temporal-address',
      '127.0.0.1:1',
    );
    assert.equal(code, 8);
    assert.match(
      stderr,
      /Temporal at 127\.0\.0\.1:1 \(--temporal-address\) does not answer.*\(temporal_unavailable\)/,
    );
    assert.deepEqual(processesNaming(stateDir), []);
  });

  test('invalid_request: a setting that does not exist, in one line', async () => {
    const file = join(stateDir, 'settings.json');
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(file, '{"auth": {"oidc": {"issuer": "https://login.example.com"}}}');
    const { code, stderr } = await start('--state-dir', stateDir, '--port', '0', '--config', file);
    assert.equal(code, 2);
    assert.match(stderr, /^error: .*: \/auth\/oidc\/issuer is not a setting here.*\(invalid_request\)\n$/);
  });

  test('invalid_request: an unknown flag', async () => {
    const { code, stderr } = await start('--nonsense');
    assert.equal(code, 2);
    assert.match(stderr, /--nonsense/);
  });
});

describe('a running platform', () => {
  const stateDir = newStateDir();
  let platform: TestPlatform;
  let stopped = false;
  const records = () => platform.processes() as Record<string, ProcessRecord>;
  const local = () => connectCluster(readFileSync(join(stateDir, 'local', 'admin.kubeconfig'), 'utf8'));

  let provider: TestOidcProvider;
  let receiver: TraceReceiver;
  before(async () => {
    const port = await freePort();
    provider = await startOidcProvider(`https://127.0.0.1:${port}/auth/oidc/callback`);
    const write = (name: string, text: string) => {
      writeFileSync(join(stateDir, name), text, { mode: 0o600 });
      return join(stateDir, name);
    };
    write('oidc-secret', `${oidcClient.secret}\n`);
    const oidc = { issuerUrl: provider.issuer, clientId: oidcClient.id, clientSecretFile: 'oidc-secret' };
    receiver = await startTraceReceiver();
    const settings = {
      auth: { oidc, accessKeysPerOwner: 7 },
      tracing: { endpoint: receiver.url },
    };
    const config = write('settings.json', JSON.stringify(settings));
    platform = await startTestPlatform({ stateDir, port, args: ['--config', config] });
  });
  after(async () => {
    if (!stopped) await platform.stop();
    await provider.stop();
    await receiver.close();
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('lets people log in at the OpenID provider of its --config', async () => {
    provider.accounts['dora'] = { email: 'dora@example.com', email_verified: true };
    const begun = await platform.call('GET', '/auth/oidc/login', undefined, { key: null });
    const cookie = [begun.headers['set-cookie'] ?? []].flat().map((line) => line.split(';')[0]);
    const { pathname, search } = await provider.logIn(String(begun.headers['location']), 'dora');
    const headers = { cookie: cookie.join('; ') };
    const back = await platform.call('GET', `${pathname}${search}`, undefined, { key: null, headers });
    assert.equal(back.status, 303, back.text);
    assert.match(String(back.headers['set-cookie']), /vcp-session=/);
    assert.deepEqual(processesNaming(oidcClient.secret), []);
    const controllers = readFileSync(join(stateDir, 'config', 'controllers.json'), 'utf8');
    assert.equal(JSON.parse(controllers).accessKeysPerOwner, 7);
  });

  test('a traced request leads to its operation, the activities of that and what they call', async () => {
    const spaces = '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-default/spaceinstances';
    const space = {
      apiVersion: 'management.loft.sh/v1',
      kind: 'SpaceInstance',
      metadata: { name: 'traced' },
    };
    assert.equal((await platform.call('POST', spaces, space)).status, 201);
    await eventually('the space is ready', async () => {
      const { status } = (await platform.call('GET', `${spaces}/traced`)).json<{
        status?: { phase?: string };
      }>();
      return status?.phase === 'Ready';
    });
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const path = '/api/v1/projects/default/spaces/traced/operations';
    const submitted = await platform.call('POST', path, { type: 'sleep' }, { headers });
    assert.equal(submitted.status, 202, submitted.text);
    const { id } = submitted.json<{ id: string }>();
    assert.equal((await platform.ended(id)).state, 'succeeded');
    const ofOperation = (name: string) =>
      receiver.spans.find((span) => span.name === name && span.attributes['vcp.operation.id'] === id);
    const accepted = () =>
      receiver.spans.find((span) => span.traceId === traceId && span.name === 'accept operation');
    const { spans } = receiver;
    const pathTo = (leaf: ReceivedSpan | undefined): string[] => {
      const found: string[] = [];
      for (
        let span = leaf;
        span !== undefined;
        span = spans.find(({ spanId }) => spanId === span?.parentSpanId)
      )
        found.unshift(`${span.service.replace('vcluster-platform-', '')}: ${span.name}`);
      return found;
    };
    await eventually(
      'all of it was sent',
      () => pathTo(accepted()).length === 2 && pathTo(ofOperation('stopSpaceWorkloads')).length === 5,
    );
    const request = 'gateway: POST /api/v1/projects/:project/spaces/:name/operations';
    assert.deepEqual(pathTo(accepted()), [request, 'gateway: accept operation']);
    assert.equal(accepted()?.attributes['vcp.operation.id'], id, 'the request leads to its operation');
    // The request changed the resource, and the controllers see to that, too: who comes first submits it.
    const [begin, submit, ...rest] = pathTo(ofOperation('stopSpaceWorkloads'));
    assert.ok(begin === request || begin === 'controllers: submit sleep', begin);
    assert.match(String(submit), /: accept operation$/);
    assert.deepEqual(rest, [
      'worker: sleep space',
      'worker: Scaling workloads to zero and suspending jobs',
      'worker: stopSpaceWorkloads',
    ]);
    const activity = ofOperation('stopSpaceWorkloads')?.spanId;
    const called = spans.filter(({ parentSpanId, name }) => parentSpanId === activity && name === 'GET');
    assert.ok(
      called.some(({ attributes }) => String(attributes['url.path']).endsWith('/deployments')),
      'requests to the cluster',
    );
    assert.ok(!receiver.bodies.join().includes(platform.admin().accessKey));
  });

  test('keeps secrets out of arguments, logs and readable files', () => {
    for (const file of [
      'admin.json',
      'admin.kubeconfig',
      'config/worker.json',
      'config/gateway.json',
      'secrets/postgres-password',
      'secrets/management-encryption-keys',
      'secrets/local-encryption-keys',
      'temporal/pki/ca.key',
      'temporal/pki/worker.key',
      'temporal/pki/frontend.key',
      'temporal/pki/internode.key',
    ]) {
      assert.equal(statSync(join(stateDir, file)).mode & 0o777, 0o600, file);
    }
    const password = readFileSync(join(stateDir, 'secrets', 'postgres-password'), 'utf8');
    assert.deepEqual(processesNaming(password), []);
    assert.deepEqual(processesNaming(platform.admin().accessKey), []);
  });

  test('Temporal accepts only client certificates of its own authority', async () => {
    const ports = JSON.parse(readFileSync(join(stateDir, 'ports.json'), 'utf8')) as Record<string, number>;
    const { temporal } = readWorkerConfig(stateDir);
    const { caFile, serverName } = temporal.tls as Required<TemporalTls>;
    assert.equal(await answersTemporal(temporal), true);
    const strangers = await openTemporalPki(join(stateDir, 'strangers-pki'));
    const { certFile, keyFile } = strangers.clients.worker;
    const refused: [string, TemporalServer][] = [
      ['in the clear', { address: temporal.address }],
      ['without a certificate', { address: temporal.address, tls: { caFile, serverName } }],
      ['another authority', { address: temporal.address, tls: { caFile, serverName, certFile, keyFile } }],
    ];
    for (const [what, server] of refused) await assert.rejects(answersTemporal(server), what);
    // The services behind the frontend take no client of the frontend either.
    const tls = { ca: readFileSync(join(stateDir, 'temporal/pki/internode-ca.crt')), servername: serverName };
    const worker = {
      cert: readFileSync(temporal.tls?.certFile ?? ''),
      key: readFileSync(temporal.tls?.keyFile ?? ''),
    };
    for (const service of ['history', 'matching']) {
      const port = ports[`temporal-${service}`] ?? 0;
      await assert.rejects(handshake({ ...tls, ...worker, port }), { code: /ALERT|ECONNRESET/ }, service);
      await assert.rejects(handshake({ ...tls, port }), { code: /ALERT|ECONNRESET/ }, service);
    }
    const socket = statSync(join(stateDir, 'temporal/sockets'));
    assert.equal(socket.mode & 0o777, 0o700, 'its UI is on a socket that only we reach');
    const page = await platform.call('GET', '/temporal/api/v1/settings');
    assert.equal(page.status, 200, page.text);
  });

  test('state_in_use: a second start on the same folder', async () => {
    const { code, stderr } = await start('--state-dir', stateDir, '--port', '0');
    assert.equal(code, 9);
    assert.match(stderr, /a platform already runs on .*\(state_in_use\)/);
  });

  test('killed servers are restarted, and the platform works again', async () => {
    const before = records();
    const names = [
      'postgres',
      'temporal',
      'kine',
      'management-apiserver',
      'local-etcd',
      'local-apiserver',
      'gateway',
    ];
    for (const name of names) process.kill(before[name]?.pid ?? -1, 'SIGKILL');
    await eventually('all run again', () => {
      const now = records();
      return names.every(
        (name) => now[name] !== undefined && now[name].pid !== before[name]?.pid && isRunning(now[name]),
      );
    });
    await eventually(
      'the gateway answers',
      async () => (await platform.call('GET', '/readyz')).status === 200,
    );
    await eventually(
      'the management API answers',
      async () => (await platform.kubectl('get', 'projects')).code === 0,
    );
    await eventually(
      'the connected cluster answers',
      async () => (await local().core.listNode()).items.length === 1,
    );
  });

  test('a killed supervisor leaves pods running; the next start stops its servers and adopts the pods', async () => {
    const { core } = local();
    const namespace = 'pods-that-stay';
    await core.createNamespace({
      body: { metadata: { name: namespace, labels: { 'vcluster-platform.io/managed': 'true' } } },
    });
    await eventually('the pod is made', () =>
      core.createNamespacedPod({
        namespace,
        body: {
          metadata: { name: 'stays' },
          spec: { containers: [{ name: 'sleep', image: 'busybox', command: ['sleep', '100000'] }] },
        },
      }),
    );
    const statusOf = async (client: ReturnType<typeof local>) =>
      (await client.core.readNamespacedPod({ namespace, name: 'stays' })).status?.containerStatuses?.[0];
    const first = await eventually('the pod runs', async () => {
      const status = await statusOf(local());
      return status?.state?.running === undefined ? undefined : status;
    });
    const left = records();
    platform.supervisor.kill('SIGKILL');
    await once(platform.supervisor, 'exit');
    assert.ok(isRunning(left['postgres'] as ProcessRecord), 'servers outlive their supervisor');

    platform = await startTestPlatform({ stateDir });
    assert.match(platform.output(), /the last run left .*postgres.* running/);
    for (const [name, record] of Object.entries(left))
      assert.equal(isRunning(record), false, `the old ${name} still runs`);
    const second = await eventually('the pod runs', () => statusOf(local()));
    assert.equal(second.containerID, first.containerID);
    assert.equal(second.restartCount, 0);
    await local().core.deleteNamespace({ name: namespace });
  });

  test('SIGTERM stops everything in order with exit code 0', async () => {
    stopped = true;
    assert.equal(await platform.stop(), 0);
    assert.deepEqual(processesNaming(stateDir), []);
    assert.deepEqual(Object.keys(records()), ['supervisor']);
  });
});
