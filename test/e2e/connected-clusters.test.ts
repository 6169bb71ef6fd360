import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Status } from '../../api/http/status.ts';
import { podProcesses } from '../../local/demo/remains.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { farClusterRefusal } from '../support/far-cluster/far-cluster-available.ts';
import { type FarCluster, startFarCluster } from '../support/far-cluster/far-cluster.ts';
import { leftovers, nothingLeft } from '../support/leftovers.ts';
import { type CommandResult, run, type TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';
import { startTogether } from '../support/start-together.ts';
import { openStockCli } from '../support/stock/stock-cli.ts';

const clusters = '/kubernetes/management/apis/management.loft.sh/v1/clusters';
const tenant = '/kubernetes/project/default/virtualcluster/behind';
/** Pods of a process node have loopback addresses, which agents dial only if told to. */
const helmSet = ['--helm-set', 'agentConfig.loopbackPods=127.64.0.0/10'];
const chart = join(import.meta.dirname, '..', '..', 'deploy', 'charts', 'vcluster-platform');

/** Two clusters in network namespaces with no inbound port; what they can dial is the gateway. */
describe('clusters behind a firewall', { skip: farClusterRefusal(), timeout: 1_200_000 }, () => {
  let platform: TestPlatform;
  let north: FarCluster;
  let south: FarCluster;
  /** Processes on the node of north before there are tenants. */
  let ofAgent: string[];
  /** Names of what belongs to each cluster itself, before anything of the platform was there. */
  let untouched: string[];

  before(async () => {
    platform = await sharedPlatform();
    [north, south] = await startTogether([
      startFarCluster({ gatewayPort: platform.port }),
      startFarCluster({ gatewayPort: platform.port }),
    ]);
    untouched = await ownNames(north);
  });
  after(async () => {
    for (const name of ['north', 'south']) await platform?.call('DELETE', `${clusters}/${name}`);
    await Promise.all([north?.stop(), south?.stop()]);
  });

  const ownNames = async ({ kubectlInside }: FarCluster) =>
    answers(
      await kubectlInside(
        'get',
        'namespaces,clusterroles,clusterrolebindings,customresourcedefinitions',
        '-o',
        'name',
      ),
    )
      .trim()
      .split('\n');
  const read = async (name: string) =>
    (await platform.call('GET', `${clusters}/${name}`)).json<Cluster>().status ?? {};
  const isOnline = (name: string, wanted: boolean, timeoutMs: number) =>
    eventually(
      `${name} is ${wanted ? 'online' : 'offline'}`,
      async () => (await read(name)).online === wanted,
      { timeoutMs },
    );
  const succeeds = async (id: string) => {
    const ended = await platform.ended(id, 240_000);
    assert.equal(ended.state, 'succeeded', ended.message);
  };
  const answers = ({ code, stdout, stderr }: CommandResult) => {
    assert.equal(code, 0, `${stderr}${stdout}`);
    return stdout;
  };
  /** kubectl on this machine, with a kubeconfig of the platform. */
  const kubectl = async (...args: string[]) =>
    answers(await run(findProgram('kubectl'), ['--kubeconfig', join(north.dir, 'user.kubeconfig'), ...args]));
  /** Offline since when, as a request through the gateway is told, and how long it took to be told. */
  const refusal = async (path: string) => {
    const startedAt = performance.now();
    const answer = await platform.call('GET', path);
    const ms = performance.now() - startedAt;
    assert.equal(answer.status, 503, answer.text);
    return { ms, ...answer.json<Status>() };
  };

  test('nothing reaches them from outside', async () => {
    for (const { url } of [north, south]) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      const outcome = await new Promise((resolve) =>
        socket.once('connect', () => resolve('connected')).once('error', resolve),
      );
      socket.destroy();
      assert.notEqual(outcome, 'connected');
    }
  });

  test('one command connects a cluster: vcp add cluster', async () => {
    answers(await platform.vcp('list', 'clusters')); // it logs in
    const env = {
      ...process.env,
      VCP_CONFIG: join(platform.stateDir, 'vcp-config.json'),
      KUBECONFIG: north.kubeconfig,
    };
    const added = await north.exec(
      process.execPath,
      ['cli/main.ts', 'add', 'cluster', 'north', '--helm', findProgram('helm'), ...helmSet],
      { env, timeoutMs: 300_000 },
    );
    assert.match(answers(added), /^cluster north is connected \(Kubernetes v1\..*, agent .*\)\n$/);
    const { phase, online, kubernetesVersion, nodes } = await read('north');
    assert.deepEqual([phase, online, nodes], ['Initialized', true, { ready: 1, total: 1 }]);
    assert.match(kubernetesVersion ?? '', /^v1\./);
  });

  test('one command connects a cluster: vcluster platform add cluster', async () => {
    const cli = openStockCli(platform, south);
    try {
      const { url, accessKey } = platform.admin();
      answers(await cli.platform(`login ${url} --access-key ${accessKey}`));
      const added = await cli.platform(
        `add cluster south --wait --helm-chart-path ${chart} ${helmSet.join(' ')}`,
      );
      assert.match(added.stdout + added.stderr, /Successfully added cluster south/);
    } finally {
      cli.close();
    }
    await isOnline('south', true, 30_000);
  });

  test('a tenant cluster is created there, and used through the gateway', async () => {
    ofAgent = podProcesses(north.nodeDir);
    await platform.apply('behind', { templateRef: { name: 'default' }, clusterRef: { cluster: 'north' } });
    await succeeds((await platform.first('behind', 'create')).id);
    const connected = ['connect', 'vcluster', 'behind', '--kubeconfig', join(north.dir, 'user.kubeconfig')];
    answers(await platform.vcp(...connected));
    await kubectl('create', 'configmap', 'kept', '--from-literal=greeting=hello');
    assert.match(await kubectl('get', 'configmaps', '-o', 'name'), /configmap\/kept/);
    const pods = answers(
      await north.kubectlInside('get', 'pods', '-n', 'loft-default-v-behind', '-o', 'name'),
    );
    assert.equal(pods.trim(), 'pod/behind-0');
  });

  test("a connected cluster's own API is used through the gateway, its pods' logs too", async () => {
    for (const name of ['north', 'south']) {
      const file = join(north.dir, `${name}.kubeconfig`);
      answers(await platform.vcp('connect', 'cluster', name, '--kubeconfig', file));
      const user = (...args: string[]) => run(findProgram('kubectl'), ['--kubeconfig', file, ...args]);
      assert.match(answers(await user('get', 'nodes')), /Ready/);
      const log = await user('logs', '-n', 'vcluster-platform', 'deployment/loft', '--tail', '5');
      assert.match(answers(log), /\S/);
    }
  });

  test('a watch through the tunnel tells what changes there', async () => {
    const watched = kubectl('get', 'configmaps', '--watch-only', '-o', 'name', '--request-timeout', '6s');
    await delay(1_000);
    await kubectl('create', 'configmap', 'seen', '--from-literal=a=b');
    assert.match(await watched, /configmap\/seen/);
  });

  test('a cluster that goes dark: requests fail within a second and say since when; others go on', async () => {
    const before = Date.now();
    north.relay.close();
    const told: number[] = [];
    for (const path of [`${tenant}/api/v1/namespaces`, '/kubernetes/cluster/north/api/v1/namespaces']) {
      await eventually('it is refused as offline', async () => {
        const { ms, message, code } = await refusal(path);
        told.push(ms);
        assert.equal(code, 503);
        const since = /cluster north is offline: .* (\d{4}-\d\d-\d\dT[0-9:.]+Z)/.exec(message)?.[1] ?? '';
        assert.ok(Math.abs(Date.parse(since) - before) < 30_000, message);
        return true;
      });
    }
    for (let times = 0; times < 5; times++) told.push((await refusal(`${tenant}/version`)).ms);
    // The quickest: this machine may be busy with other suites.
    assert.ok(Math.min(...told) <= 1_000, `told after ${told.map(Math.round).join(', ')} ms`);
    await isOnline('north', false, 30_000);
    const status = await read('north');
    assert.equal(status.reason, 'Offline');
    assert.ok(Math.abs(Date.parse(status.lastSeen ?? '') - before) < 60_000, status.lastSeen);
    const other = await platform.call('GET', '/kubernetes/cluster/south/api/v1/namespaces');
    assert.equal(other.status, 200, other.text);
  });

  test('an operation waits visibly for its cluster, can be cancelled, and goes on when it is back', async () => {
    const waits = (id: string) =>
      eventually('it says what it waits for', async () => {
        const { state, steps } = await platform.operation(id);
        const isSaid = steps.some(({ message }) =>
          /connected cluster north is offline: .* \d{4}-/.test(message ?? ''),
        );
        return state === 'running' && isSaid;
      });
    const first = await platform.submit('behind', { type: 'sleep' });
    await waits(first.id);
    const cancelled = await platform.call('POST', `/api/v1/operations/${first.id}/cancel`);
    assert.ok(cancelled.status < 300, cancelled.text);
    assert.equal((await platform.ended(first.id)).state, 'cancelled');
    const second = await platform.submit('behind', { type: 'sleep' });
    await waits(second.id);
    north.relay.open();
    await succeeds(second.id);
    await isOnline('north', true, 30_000);
    await succeeds((await platform.submit('behind', { type: 'wake' })).id);
    assert.match(await kubectl('get', 'configmap', 'kept', '-o', 'yaml'), /greeting: hello/);
  });

  test('a way that swallows everything is found, and the agent comes back when it is open again', async () => {
    south.relay.hang();
    await isOnline('south', false, 30_000);
    south.relay.open();
    await isOnline('south', true, 30_000);
    const back = await platform.call('GET', '/kubernetes/cluster/south/api/v1/namespaces');
    assert.equal(back.status, 200, back.text);
  });

  test('a deleted tenant cluster leaves nothing there', async () => {
    await succeeds((await platform.submit('behind', { type: 'delete' })).id);
    const processes = await eventually('only the agent runs', () => {
      const running = podProcesses(north.nodeDir);
      return running.length <= ofAgent.length && running;
    });
    assert.deepEqual(processes.toSorted(), ofAgent.toSorted());
    const left = await leftovers(platform, 'default', 'behind', north);
    assert.deepEqual({ ...left, processes: [] }, nothingLeft);
  });

  test('both are disconnected, and nothing is left there', async () => {
    for (const [name, cluster] of [
      ['north', north],
      ['south', south],
    ] as const) {
      const disconnected = await platform.vcp('disconnect', 'cluster', name);
      assert.match(answers(disconnected), new RegExp(`cluster ${name} is disconnected`));
      assert.equal((await platform.call('GET', `${clusters}/${name}`)).status, 404);
      await eventually(`the agent of ${name} has ended`, () => podProcesses(cluster.nodeDir).length === 0);
      await eventually(`nothing is left in ${name}`, async () => {
        const left = (await ownNames(cluster)).filter((object) => !untouched.includes(object));
        if (left.length > 0) throw new Error(left.join('\n'));
        return true;
      });
    }
  });
});
