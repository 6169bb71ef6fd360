import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Operation } from '../../contracts/operations.ts';
import { isFinal } from '../../contracts/operations.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { leftovers, nodeProcesses, nothingLeft } from '../support/leftovers.ts';
import {
  type Answer,
  instancesPath,
  newStateDir,
  removeStateDir,
  run,
  startTestPlatform,
  type TestPlatform,
} from '../support/platform.ts';

const configMaps = (tenant: string) =>
  `/kubernetes/project/default/virtualcluster/${tenant}/api/v1/namespaces/default/configmaps`;

/** What is stopped, killed or away for a while: what runs goes on, what was begun ends. */
describe('restarts and killed servers', { timeout: 1_200_000 }, () => {
  const stateDir = newStateDir();
  let platform: TestPlatform;

  const running = (id: string) =>
    eventually('it runs', async () => (await platform.operation(id)).state === 'running', { intervalMs: 20 });
  const answers = (name: string) =>
    eventually(`${name} answers with its objects`, async () => {
      const answer = await platform.call('GET', `${configMaps(name)}/kept`);
      return answer.status === 200;
    });
  const podPids = () =>
    nodeProcesses(stateDir)
      .map((line) => Number(line.split(':')[0]))
      .toSorted((a, b) => a - b);
  const signal = (name: string, how: NodeJS.Signals) =>
    process.kill(platform.processes()[name]?.pid ?? -1, how);
  /** Answers of `ask`, again and again until `done` likes one. */
  const collect = async (
    ask: () => Promise<Answer>,
    done: (answer: Answer) => boolean,
    timeoutMs = 300_000,
  ) => {
    const all: Answer[] = [];
    await eventually(
      'the last answer',
      async () => {
        const answer = await ask();
        all.push(answer);
        return done(answer);
      },
      { intervalMs: 20, timeoutMs },
    );
    return all;
  };

  before(async () => {
    // A shell's own settings change nothing.
    Object.assign(process.env, { KUBECONFIG: '/nowhere/config', DATABASE_URL: 'postgres://127.0.0.1:1/no' });
    platform = await startTestPlatform({ stateDir });
    await platform.apply('awake');
    assert.equal((await platform.ended((await platform.first('awake', 'create')).id)).state, 'succeeded');
    const made = await platform.call('POST', configMaps('awake'), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kept' },
    });
    assert.equal(made.status, 201, made.text);
  });
  after(async () => {
    await platform.stop();
    removeStateDir(stateDir);
  });

  test('Ctrl-C while a create runs: the next start finishes it, and awake tenants serve again', async () => {
    await platform.apply('begun');
    const create = await platform.first('begun', 'create');
    await running(create.id);
    platform.supervisor.kill('SIGINT');
    assert.deepEqual(await once(platform.supervisor, 'exit'), [0, null]);
    assert.match(platform.output(), /SIGINT: stopping; the state is kept/);
    assert.deepEqual(podPids(), []);
    const { port } = platform;
    await platform.stop();

    platform = await startTestPlatform({ stateDir, port });
    assert.equal((await platform.operation(create.id)).id, create.id);
    await answers('awake');
    const ended = await platform.ended(create.id);
    assert.equal(ended.state, 'succeeded', ended.message);
    assert.equal((await platform.call('GET', configMaps('begun'))).status, 200);
  });

  test('a killed supervisor leaves tenants running, and the next start adopts them', async () => {
    // What could not reach its API server at first is started again some seconds later.
    const kubeconfig = join(stateDir, 'local', 'admin.kubeconfig');
    const waited = await run(findProgram('kubectl'), [
      ...['--kubeconfig', kubeconfig, 'wait', 'pods', '--all', '--all-namespaces'],
      ...['--for=condition=Ready', '--timeout=110s'],
    ]);
    assert.equal(waited.code, 0, waited.stderr);
    const before = podPids();
    assert.ok(before.length >= 8, 'two control planes of four processes');
    const { port } = platform;
    platform.supervisor.kill('SIGKILL');
    await once(platform.supervisor, 'exit');
    await answers('awake');
    platform = await startTestPlatform({ stateDir, port });
    assert.match(platform.output(), /the last run left .*gateway.* running: stopping them first/);
    await answers('awake');
    assert.deepEqual(podPids(), before);
    const phase = (await platform.call('GET', `${instancesPath}/awake`)).json<{
      status: { phase: string };
    }>();
    assert.equal(phase.status.phase, 'Ready');
  });

  test('PostgreSQL killed while an operation runs: 503 meanwhile, and the operation succeeds', async () => {
    const sleep = await platform.submit('begun', { type: 'sleep' });
    await running(sleep.id);
    signal('postgres', 'SIGKILL');
    const [seen, resources] = await Promise.all([
      collect(
        () => platform.call('GET', `/api/v1/operations/${sleep.id}`),
        (answer) => answer.status === 200 && isFinal(answer.json<Operation>().state),
      ),
      collect(
        () => platform.call('GET', `${instancesPath}/awake`),
        (answer) => answer.status === 200,
      ),
    ]);
    for (const answer of resources.filter(({ status }) => status !== 200)) {
      assert.ok(answer.status >= 500, answer.text);
      assert.equal(answer.json<{ kind: string }>().kind, 'Status');
    }
    const refused = seen.filter(({ status }) => status !== 200);
    assert.ok(refused.length > 0, 'PostgreSQL was never away');
    for (const answer of refused) {
      assert.equal(answer.status, 503, answer.text);
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      assert.equal(answer.headers['retry-after'], '1');
      const { code, detail } = answer.json<{ code: string; detail: string }>();
      assert.equal(code, 'database_unavailable', answer.text);
      assert.match(detail, /PostgreSQL does not answer; nothing was lost, try again/);
    }
    const ended = seen.at(-1)?.json<Operation>();
    assert.equal(ended?.state, 'succeeded', ended?.message);
    await answers('awake');
  });

  test('Temporal killed: operations are accepted with live: false, and succeed later', async () => {
    signal('temporal', 'SIGSTOP'); // it stays away until it was asked: killed, it is back within a second
    const wake = await platform.submit('begun', { type: 'wake' });
    assert.equal(wake.live, false);
    signal('temporal', 'SIGKILL');
    const seen = await collect(
      () => platform.call('GET', `/api/v1/operations/${wake.id}`),
      (answer) => isFinal(answer.json<Operation>().state),
    );
    assert.deepEqual([...new Set(seen.map(({ status }) => status))], [200]);
    const states = seen.map((answer) => answer.json<Operation>());
    assert.equal(states.at(-1)?.state, 'succeeded', states.at(-1)?.message);
    assert.equal((await platform.call('GET', configMaps('begun'))).status, 200);
  });

  test('Temporal killed while an operation runs: the operation continues', async () => {
    const snapshot = await platform.submit('begun', { type: 'snapshot', parameters: { snapshot: 's1' } });
    await running(snapshot.id);
    signal('temporal', 'SIGSTOP');
    assert.equal((await platform.operation(snapshot.id)).live, false);
    signal('temporal', 'SIGKILL');
    const seen = await collect(
      () => platform.call('GET', `/api/v1/operations/${snapshot.id}`),
      (answer) => isFinal(answer.json<Operation>().state),
    );
    const states = seen.map((answer) => answer.json<Operation>());
    assert.equal(states.at(-1)?.state, 'succeeded', states.at(-1)?.message);
  });

  test('deleting after all restarts leaves nothing', async () => {
    for (const name of ['begun', 'awake']) {
      const ended = await platform.ended((await platform.submit(name, { type: 'delete' })).id);
      assert.equal(ended.state, 'succeeded', ended.message);
      const left = await leftovers(platform, 'default', name);
      assert.deepEqual({ ...left, processes: [] }, nothingLeft); // of the other one
    }
    assert.deepEqual(podPids(), []);
  });
});
