import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connectCluster } from '../../../adapters/kubernetes/client.ts';
import { processesNaming } from '../../../deploy/demo/remains.ts';
import { isRunning } from '../../../deploy/local/processes/identity.ts';
import type { ProcessRecord } from '../../../deploy/local/process-records.ts';
import { eventually } from '../../support/eventually.ts';
import { newStateDir, run, startTestPlatform, type TestPlatform } from '../../support/platform.ts';

const main = 'deploy/local/main.ts';
const start = (...args: string[]) => run(process.execPath, [main, ...args], { timeoutMs: 60_000 });

describe('starts that are refused', () => {
  const stateDir = newStateDir();
  after(() => rmSync(stateDir, { recursive: true, force: true }));

  test('port_taken: somebody listens on the port', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { code, stderr } = await start('--state-dir', stateDir, '--port', String(port));
    server.close();
    assert.equal(code, 9);
    assert.match(stderr, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is taken: .*--port \\(port_taken\\)`));
  });

  test('database_unavailable: the given PostgreSQL is away; its password is not told', async () => {
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

  test('temporal_unavailable: the given Temporal is away', async () => {
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

  before(async () => {
    platform = await startTestPlatform({ stateDir });
  });
  after(async () => {
    if (!stopped) await platform.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('keeps its secrets to itself', () => {
    for (const file of [
      'admin.json',
      'admin.kubeconfig',
      'config/worker.json',
      'config/gateway.json',
      'secrets/postgres-password',
    ]) {
      assert.equal(statSync(join(stateDir, file)).mode & 0o777, 0o600, file);
    }
    const password = readFileSync(join(stateDir, 'secrets', 'postgres-password'), 'utf8');
    assert.deepEqual(processesNaming(password), []);
    assert.deepEqual(processesNaming(platform.admin().accessKey), []);
  });

  test('state_in_use: a second start on the same folder', async () => {
    const { code, stderr } = await start('--state-dir', stateDir, '--port', '0');
    assert.equal(code, 9);
    assert.match(stderr, /a platform already runs on .*\(state_in_use\)/);
  });

  test('servers that are killed come back, and the platform answers again', async () => {
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

  test('a killed supervisor leaves pods running; the next start ends its servers and takes the pods over', async () => {
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
    assert.match(platform.output(), /the last run ended without stopping .*postgres/);
    for (const [name, record] of Object.entries(left))
      assert.equal(isRunning(record), false, `the old ${name} still runs`);
    const second = await eventually('the pod runs', () => statusOf(local()));
    assert.equal(second.containerID, first.containerID);
    assert.equal(second.restartCount, 0);
    await local().core.deleteNamespace({ name: namespace });
  });

  test('SIGTERM stops everything in order, exit code 0', async () => {
    stopped = true;
    assert.equal(await platform.stop(), 0);
    assert.deepEqual(processesNaming(stateDir), []);
    assert.deepEqual(Object.keys(records()), ['supervisor']);
  });
});
