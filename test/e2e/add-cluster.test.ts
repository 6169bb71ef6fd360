import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { labels, platformNamespace, writers } from '../../contracts/names.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { clusterInventory, isAsBefore, settledInventory } from '../support/cluster-inventory.ts';
import { type ExternalCluster, startExternalCluster } from '../support/external-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { run, type TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';
import { openStockCli, type StockCli } from '../support/stock/stock-cli.ts';
import { management } from '../support/stock/person.ts';
import { said } from '../support/stock/verb.ts';

const chart = join(import.meta.dirname, '..', '..', 'deploy', 'charts', 'vcluster-platform');
/** Pods of a process node have addresses on loopback. */
const processNode = 'agentConfig.loopbackPods=127.64.0.0/10';

/** A second cluster, added by each command line: its pods dial the platform, and nothing dials them. */
describe('a cluster is added by one command', { timeout: 1_200_000 }, () => {
  let platform: TestPlatform;
  let cluster: ExternalCluster;
  let client: ClusterClient;
  let dir: string;
  let stock: StockCli;

  const read = async (name: string) => {
    const answer = await platform.call('GET', `${management}/clusters/${name}`);
    return answer.status === 404 ? undefined : answer.json<Cluster>();
  };
  const isConnected = async (name: string) => {
    const { phase, online } = (await read(name))?.status ?? {};
    return phase === 'Initialized' && online === true;
  };
  /** Through the gateway, as the administrator. */
  const uidThrough = async (name: string) => {
    const answer = await platform.call('GET', `/kubernetes/cluster/${name}/api/v1/namespaces/kube-system`);
    return answer.status === 200
      ? answer.json<{ metadata: { uid: string } }>().metadata.uid
      : `${answer.status} ${answer.text}`;
  };
  const kubeSystemUid = async () => (await client.core.readNamespace({ name: 'kube-system' })).metadata?.uid;
  /** Its node runs pods of marked namespaces only. */
  const makeNamespace = () =>
    client.core.createNamespace({
      body: { metadata: { name: platformNamespace, labels: { [labels.managed]: 'true' } } },
    });
  const spaces = `${management}/namespaces/p-default/spaceinstances`;
  const namesOf = (list: { items: { metadata?: { name?: string } }[] }) =>
    list.items.map(({ metadata }) => metadata?.name ?? '');
  const spaceNamespaces = async () =>
    namesOf(await client.core.listNamespace({ labelSelector: labels.space }));
  /** All that the cluster held before anything was added. */
  let untouched: string[];

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-add-cluster-'));
    [platform, cluster] = await Promise.all([
      sharedPlatform(),
      startExternalCluster({ hostPath: join(dir, 'snapshots') }),
    ]);
    client = connectCluster(cluster.adminKubeconfig, { writer: writers.bootstrap });
    untouched = await settledInventory(client);
    await makeNamespace();
    stock = openStockCli(platform);
    symlinkSync(findProgram('helm'), join(stock.home, 'helm'));
    writeFileSync(join(stock.home, 'kubeconfig'), cluster.adminKubeconfig, { mode: 0o600 });
  });
  after(async () => {
    stock?.close();
    await platform?.call('DELETE', `${management}/clusters/stock-east`);
    await platform?.call('DELETE', `${management}/clusters/east`);
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test("vCluster's own command line adds it, and finds its agent Ready", async () => {
    const { url, accessKey } = platform.admin();
    said(await stock.platform(`login ${url} --access-key ${accessKey}`));
    const line = `add cluster stock-east --display-name Eastern --wait --helm-chart-path ${chart} --helm-set ${processNode}`;
    assert.match(said(await stock.platform(line)), /Successfully added cluster stock-east/);
    const added = await read('stock-east');
    assert.equal(added?.status?.phase, 'Initialized');
    assert.equal(added?.spec.networkPeer, true);
    await eventually('it is online', () => isConnected('stock-east'));
    assert.equal(await uidThrough('stock-east'), await kubeSystemUid());
    assert.match(said(await stock.platform('list clusters')), /\bstock-east\b/);
  });

  test('its agent is upgraded in place by the same command', async () => {
    const line = `add cluster stock-east --helm-chart-path ${chart} --helm-set ${processNode}`;
    assert.match(said(await stock.platform(line)), /Successfully upgraded platform agent/);
    await eventually('the new agent is connected', () => isConnected('stock-east'));
    assert.equal(await uidThrough('stock-east'), await kubeSystemUid());
  });

  test('its agent gets another image by an operation, and has it back if the next one does not start', async () => {
    const upgrade = (image: string) => platform.vcp('upgrade', 'cluster', 'stock-east', '--image', image);
    const image = async () => {
      const name = { namespace: platformNamespace, name: 'loft' };
      const { spec } = await client.apps.readNamespacedDeployment(name);
      return spec?.template.spec?.containers[0]?.image;
    };
    const other = `docker.io/${await image()}`;
    const upgraded = await upgrade(other);
    assert.equal(upgraded.code, 0, upgraded.stderr);
    assert.equal(await image(), other);
    assert.equal(await uidThrough('stock-east'), await kubeSystemUid());
    const failed = await upgrade('vcluster-platform/agent:none');
    assert.notEqual(failed.code, 0);
    assert.match(failed.stderr, /the new agent does not start/);
    assert.equal(await image(), other);
    assert.equal(await uidThrough('stock-east'), await kubeSystemUid());
  });

  test('it is not disconnected while a space lives there, unless that is to be deleted', async () => {
    const space = await platform.call('POST', spaces, {
      apiVersion: 'management.loft.sh/v1',
      kind: 'SpaceInstance',
      metadata: { name: 'there', namespace: 'p-default' },
      spec: { clusterRef: { cluster: 'stock-east' } },
    });
    assert.equal(space.status, 201, space.text);
    await eventually('the space is there', async () => (await spaceNamespaces()).length === 1);
    const refused = await platform.vcp('disconnect', 'cluster', 'stock-east', '--force');
    assert.equal(refused.code, 5, refused.stderr);
    assert.match(
      refused.stderr,
      /1 tenant cluster or space is in connected cluster "stock-east" \(space default\/there\)/,
    );
    const tried = await platform.vcp(
      'disconnect',
      'cluster',
      'stock-east',
      '--delete-tenants',
      '--dry-run',
      'server',
    );
    assert.match(tried.stdout, /^disconnect of connected cluster stock-east would be accepted/);
    assert.ok(await isConnected('stock-east'));
  });

  test('disconnected, nothing of the platform is left in it', async () => {
    const { code, stdout, stderr } = await platform.vcp(
      'disconnect',
      'cluster',
      'stock-east',
      '--delete-tenants',
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^connected cluster stock-east is disconnected \(/);
    assert.equal(await read('stock-east'), undefined);
    await isAsBefore(client, untouched);
    const listed = await platform.vcp('operations', 'list', '--cluster', 'stock-east');
    assert.match(listed.stdout, / disconnect +stock-east +succeeded +connected cluster +admin /);
  });

  test('vcp adds it again under another name, waits until it is connected, and says what it is', async () => {
    await makeNamespace();
    const { code, stdout, stderr } = await platform.vcp(
      ...['add', 'cluster', 'east', '--kubeconfig', cluster.kubeconfig],
      ...['--helm', findProgram('helm'), '--helm-set', processNode],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^cluster east is connected \(Kubernetes v1\.\d+\.\d+, agent \d+\.\d+\.\d+\)\n$/);
    assert.doesNotMatch(`${stdout}${stderr}`, /vcpj_/);
    const described = await platform.vcp('describe', 'cluster', 'east');
    assert.match(described.stdout, /^Online: +yes$/m);
    assert.match(described.stdout, /^Connected by: +its agent$/m);
    const listed = await platform.vcp('list', 'clusters', '-o', 'wide');
    assert.match(listed.stdout, /^east +Initialized +yes /m);
  });

  test('a tenant cluster runs there, and is used through the tunnel', async () => {
    await platform.apply('eastern', { templateRef: { name: 'default' }, clusterRef: { cluster: 'east' } });
    const created = await platform.ended((await platform.first('eastern', 'create')).id, 240_000);
    assert.equal(created.state, 'succeeded', created.message);
    const kubeconfig = join(dir, 'eastern.kubeconfig');
    const connected = await platform.vcp('connect', 'vcluster', 'eastern', '--kubeconfig', kubeconfig);
    assert.equal(connected.code, 0, connected.stderr);
    const kubectl = (...args: string[]) => run(findProgram('kubectl'), ['--kubeconfig', kubeconfig, ...args]);
    const made = await kubectl('create', 'configmap', 'there', '--from-literal=where=east');
    assert.equal(made.code, 0, made.stderr);
    const pods = await client.core.listNamespacedPod({ namespace: 'loft-default-v-eastern' });
    assert.deepEqual(
      pods.items.map(({ metadata }) => metadata?.name),
      ['eastern-0'],
    );
  });

  test('without its agent it is offline, and requests say so at once', async () => {
    const scaled = await run(findProgram('kubectl'), [
      ...['--kubeconfig', cluster.kubeconfig, '--namespace', platformNamespace],
      ...['scale', 'deployment/loft', '--replicas', '0'],
    ]);
    assert.equal(scaled.code, 0, scaled.stderr);
    await eventually('it is offline', async () => (await read('east'))?.status?.online === false, {
      timeoutMs: 60_000,
    });
    const told: number[] = [];
    for (let i = 0; i < 5; i++) {
      const startedAt = performance.now();
      const { status, text } = await platform.call('GET', '/kubernetes/cluster/east/api/v1/namespaces');
      told.push(performance.now() - startedAt);
      assert.equal(status, 503);
      assert.match(text, /cluster east is offline: .*\d{4}-\d\d-\d\dT/);
    }
    // The quickest: this machine may be busy with other suites.
    assert.ok(Math.min(...told) <= 1_000, `told after ${told.map(Math.round).join(', ')} ms`);
  });

  test('one that is gone for good is forgotten by force, with what lived there, and that is named', async () => {
    // It waits for the cluster until that is forgotten.
    const waiting = await platform.submit('eastern', { type: 'delete' });
    const forced = ['disconnect', 'cluster', 'east', '--delete-tenants', '--force', '-o', 'json'];
    const { code, stdout, stderr } = await platform.vcp(...forced);
    assert.equal(code, 0, stderr);
    const { state, message } = JSON.parse(stdout) as Operation;
    assert.equal(state, 'succeeded');
    assert.match(
      message ?? '',
      /^Left in the cluster \(.*offline.*\): what the platform made there; tenants that may run on: tenant cluster default\/eastern$/,
    );
    assert.equal(await read('east'), undefined);
    const deleted = await platform.ended(waiting.id, 60_000);
    assert.equal(deleted.state, 'succeeded', deleted.message);
    assert.ok((await clusterInventory(client)).size > untouched.length);
  });
});
