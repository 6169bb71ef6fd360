import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { kubernetesVersion } from '../../toolchain/parts.ts';
import { vclusterChartVersion } from '../../toolchain/vcluster-chart.ts';
import { eventually } from '../support/eventually.ts';
import { instancesPath } from '../support/platform.ts';
import { snapshotFolder } from '../support/snapshot-folder.ts';
import { busyboxImage } from '../support/real-node/node-images.ts';
import { forgedRelease } from '../support/real-node/forged-release.ts';
import { createStreamPods, testStreams } from '../support/real-node/stream-tests.ts';
import { openedByCredential } from '../support/real-node/upstream-credential.ts';
import {
  createNeighbour,
  reachedByRights,
  takingKeysOf,
  type UpstreamNeighbour,
} from '../support/real-node/upstream-neighbour.ts';
import { openUpstreamTenant, timed, type UpstreamTenant } from '../support/real-node/upstream-tenant.ts';
import { upstreamTemplate, upstreamVclusterAvailable } from '../support/real-node/upstream-vcluster.ts';

const templatesPath = '/kubernetes/management/apis/management.loft.sh/v1/virtualclustertemplates';
const mergePatch = { 'content-type': 'application/merge-patch+json' };
const skip = upstreamVclusterAvailable();

/** What another release made, in another namespace. */
const victim = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'victim',
    namespace: 'victim',
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': 'victim', 'meta.helm.sh/release-namespace': 'victim' },
  },
  data: { kept: 'yes' },
};

/** vCluster's own chart through the workflows and activities of every chart, with pods that run on the node. */
describe("a tenant cluster of vCluster's own chart", { skip, timeout: 1_200_000 }, () => {
  let tenant: UpstreamTenant;
  let neighbour: UpstreamNeighbour;
  before(async () => {
    tenant = await openUpstreamTenant();
  });
  after(() => tenant?.close());

  const call: UpstreamTenant['platform']['call'] = (...args) => tenant.platform.call(...args);
  const configMaps = () => `${tenant.path}/api/v1/namespaces/default/configmaps`;
  const kept = async () => {
    const answer = await call('GET', `${configMaps()}/kept`);
    return answer.status === 200 ? answer.json<{ data?: unknown }>().data : answer.status;
  };

  test('create: it answers through the gateway', async () => {
    const template = await call('POST', templatesPath, upstreamTemplate('vcluster'));
    assert.equal(template.status, 201, template.text);
    await timed('create', async () => {
      await tenant.platform.apply('up', { templateRef: { name: 'vcluster' } });
      const { state, message, steps } = await tenant.platform.ended(
        (await tenant.platform.first('up', 'create')).id,
      );
      assert.equal(state, 'succeeded', `${message}; ${JSON.stringify(steps, undefined, 1)}`);
    });
    const { status } = (await call('GET', `${instancesPath}/up`)).json<{ status: Record<string, unknown> }>();
    assert.deepEqual([status['phase'], status['kubernetesVersion']], ['Ready', kubernetesVersion]);
    const { helmRelease } = status['virtualCluster'] as { helmRelease: unknown };
    assert.deepEqual(helmRelease, { chart: { name: 'vcluster', version: vclusterChartVersion } });
    const namespaces = await tenant.kubectl('get', 'namespaces', '-o', 'name');
    assert.match(namespaces.stdout, /namespace\/default\n/, namespaces.stderr);
    const told = [tenant.namespace, vclusterChartVersion, 'Running'];
    assert.deepEqual(await tenant.toldByVcluster(), told);
    neighbour = await createNeighbour(tenant.platform);
  });

  test("the gateway's credential alone opens nothing in it, and acts as nobody who is not on its list", async () => {
    assert.deepEqual(await openedByCredential(tenant), []);
  });

  test('use: a pod made in it runs on the node; its log and a command in it come through the gateway', async () => {
    await timed('pod', async () => {
      await tenant.createWeb();
      await tenant.webPod();
    });
    const synced = await tenant.hostPods('vcluster.loft.sh/managed-by=up');
    assert.ok(synced.some(({ spec }) => spec?.nodeName === tenant.cluster.nodeName));
    const pod = await tenant.webPod();
    const log = await eventually('a line in the log', async () => {
      const answer = await tenant.kubectl('logs', pod);
      return answer.stdout !== '' && answer;
    });
    assert.deepEqual(log, { code: 0, stdout: 'started\n', stderr: '' });
    const command = await tenant.kubectl('exec', pod, '--', 'wget', '-qO-', 'http://127.0.0.1:8080/starts');
    assert.deepEqual(command, { code: 0, stdout: 'start\n', stderr: '' });
    const name = 'kubernetes.default.svc.cluster.local';
    await eventually('a name is resolved by its own DNS', async () => {
      return (await tenant.kubectl('exec', pod, '--', 'nslookup', name)).code === 0;
    });
  });

  describe('streams to a pod in it', () => {
    const namespace = async (verb: 'create' | 'delete') => {
      const { code, stderr } = await tenant.kubectl(verb, 'namespace', 'streams');
      assert.equal(code, 0, stderr);
    };
    before(async () => {
      await namespace('create');
      await createStreamPods(tenant.streams);
    });
    after(() => namespace('delete'));

    testStreams('WebSocket', () => tenant.streams);
  });

  test('a pod with access to the node is refused, as its template requires', async () => {
    const container = { name: 'c', image: 'any', volumeMounts: [{ name: 'host', mountPath: '/host' }] };
    const spec = { containers: [container], volumes: [{ name: 'host', hostPath: { path: '/' } }] };
    const pods = `${tenant.path}/api/v1/namespaces/default/pods`;
    const made = await call('POST', pods, { metadata: { name: 'reader' }, spec });
    assert.match(made.json<{ message: string }>().message, /violates PodSecurity "baseline/);
    assert.equal(made.status, 403);
  });

  /** What the syncer makes of a forged record of Helm. */
  const copyOf = async (namespace: string) => {
    const query = { namespace, labelSelector: 'owner=helm,version=99' };
    const copy = await eventually('its copy in the host namespace', async () => {
      const { items } = await tenant.cluster.client.core.listNamespacedSecret(query);
      return items[0];
    });
    return [copy.metadata?.name, copy.type];
  };
  const copied = ['forged-x-default-x-up', 'helm.sh/release.v1'];

  test('a neighbour of the same name in another project reaches nothing of it', async () => {
    await timed('neighbour: create', async () => {
      const { state, message } = await neighbour.created();
      assert.equal(state, 'succeeded', message);
    });
    const { apps } = tenant.cluster.client;
    const own = { namespace: tenant.namespace, name: 'up' };
    const uids = async () =>
      [await apps.readNamespacedStatefulSet(own), ...(await tenant.hostPods('app=vcluster'))].map(
        ({ metadata }) => metadata?.uid,
      );
    const before = await uids();
    assert.deepEqual(await reachedByRights(neighbour, tenant), []);
    const object = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: own };
    const secret = forgedRelease({ release: 'up', of: own, object });
    const made = await neighbour.call('POST', `${neighbour.path}/api/v1/namespaces/default/secrets`, secret);
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(await copyOf(neighbour.namespace), copied);
    const taker = await neighbour.createBy('taker', takingKeysOf(tenant.namespace));
    assert.deepEqual([taker.state, taker.reason], ['failed', 'chart_failed'], taker.message);
    await timed('neighbour: delete', async () => {
      const { state, message } = await neighbour.operate({ type: 'delete' });
      assert.equal(state, 'succeeded', message);
    });
    assert.deepEqual(await uids(), before);
    assert.equal(await tenant.phase(), 'Ready');
  });

  // All that follows runs Helm, with this record among its own.
  test('a Helm record forged in the tenant is copied beside the real ones', async () => {
    const { core } = tenant.cluster.client;
    await core.createNamespace({ body: { metadata: { name: 'victim' } } });
    await core.createNamespacedConfigMap({ namespace: 'victim', body: victim });
    const secrets = `${tenant.path}/api/v1/namespaces/default/secrets`;
    const of = { name: 'victim', namespace: 'victim' };
    const made = await call('POST', secrets, forgedRelease({ release: 'up', of, object: victim }));
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(await copyOf(tenant.namespace), copied);
  });

  const barePod = () => call('GET', `${tenant.path}/api/v1/namespaces/default/pods/bare`);

  test('sleep removes the control plane and its pods, and keeps volumes; it names those that nothing makes again', async () => {
    const spec = {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'c', image: busyboxImage, command: ['sleep', '9999'] }],
    };
    const pods = `${tenant.path}/api/v1/namespaces/default/pods`;
    assert.equal((await call('POST', pods, { metadata: { name: 'bare' }, spec })).status, 201);
    await eventually('it runs', async () => (await barePod()).text.includes('"phase":"Running"'));
    const operations = '/api/v1/projects/default/virtualclusters/up/operations';
    const judged = await call('POST', operations, { type: 'sleep', dryRun: true });
    assert.deepEqual(judged.json()['loses'], { pods: ['default/bare'], count: 1 }, judged.text);
    await tenant.succeed({ type: 'sleep' });
    const { message } = await tenant.platform.first('up', 'sleep');
    assert.match(message ?? '', /^Lost 1 pod without a controller, .*: default\/bare$/);
    const events = await tenant.platform.kubectl('get', 'events', '-n', 'p-default', '-o', 'yaml');
    assert.match(events.stdout, /Sleep loses 1 pod without a controller, .*: default\/bare/, events.stderr);
    assert.equal(await tenant.phase(), 'Sleeping');
    assert.deepEqual(await tenant.hostPods(), []);
    const told = [tenant.namespace, vclusterChartVersion, 'ScaledDown'];
    assert.deepEqual(await tenant.toldByVcluster(), told);
    assert.equal((await tenant.cluster.client.core.listPersistentVolume()).items.length, 2);
  });

  /** Changes the spec and returns the update that follows, ended. */
  const update = async (spec: object, state: string) => {
    const before = new Set((await tenant.platform.all('up')).map(({ id }) => id));
    const patched = await call('PATCH', `${instancesPath}/up`, { spec }, { headers: mergePatch });
    assert.equal(patched.status, 200, patched.text);
    const { id } = await eventually('an update follows', async () =>
      (await tenant.platform.all('up')).find((operation) => !before.has(operation.id)),
    );
    const ended = await tenant.platform.ended(id, 300_000);
    assert.deepEqual([ended.type, ended.state], ['update', state], ended.message);
    return ended;
  };
  const deployed = async () => {
    const { namespace, cluster } = tenant;
    const set = await cluster.client.apps.readNamespacedStatefulSet({ namespace, name: 'up' });
    return [set.metadata?.labels?.['changed'], set.spec?.replicas];
  };

  test('updating a sleeping one leaves it asleep', async () => {
    await timed('update', () => update({ parameters: 'changed: "yes"' }, 'succeeded'));
    assert.deepEqual(await deployed(), ['yes', 0]);
    assert.equal(await tenant.phase(), 'Sleeping');
    assert.deepEqual(await tenant.hostPods(), []);
  });

  test('wake runs its workloads again, on the same volume', async () => {
    await tenant.succeed({ type: 'wake' });
    await timed('its pod after the wake', () => tenant.startsOfWeb(2));
    await eventually('the bare pod is gone', async () => (await barePod()).status === 404);
  });

  test('an update restarts it, and one that cannot start is rolled back', async () => {
    await timed('update', () => update({ parameters: 'changed: "again"' }, 'succeeded'));
    assert.deepEqual(await deployed(), ['again', 1]);
    const { message } = await update({ parameters: '{ changed: "broken", tag: none }' }, 'failed');
    assert.match(message ?? '', /the control plane cannot start: container syncer/);
    assert.deepEqual(await deployed(), ['again', 1]);
    // What failed is tried again after a while, unless it is not wanted any more.
    const back = { spec: { parameters: 'changed: "again"' } };
    const patched = await call('PATCH', `${instancesPath}/up`, back, { headers: mergePatch });
    assert.equal(patched.status, 200, patched.text);
    await eventually('it answers', async () => (await kept()) === 404, { timeoutMs: 180_000 });
    assert.equal(await tenant.phase(), 'Ready');
  });

  test('snapshot and restore while running: encrypted, objects come back, revisions never repeat', async () => {
    const object = { metadata: { name: 'kept' }, data: { greeting: 'hello-canary' } };
    assert.equal((await call('POST', configMaps(), object)).status, 201);
    await tenant.succeed({ type: 'snapshot', parameters: { snapshot: 'before' } });
    const file = readFileSync(
      join(snapshotFolder(join(tenant.platform.stateDir, 'snapshots'), 'default', 'up'), 'before.vcps'),
    );
    assert.equal(file.toString('latin1', 0, 4), 'VCPS');
    assert.ok(!file.includes('hello-canary'));
    assert.equal((await call('DELETE', `${configMaps()}/kept`)).status, 200);
    const revision = async () => {
      const list = (await call('GET', configMaps())).json<{ metadata: { resourceVersion: string } }>();
      return Number(list.metadata.resourceVersion);
    };
    const last = await revision();
    await tenant.succeed({ type: 'restore', parameters: { snapshot: 'before' } });
    await eventually('the object is back', async () => (await kept()) !== 404);
    assert.deepEqual(await kept(), object.data);
    assert.ok((await revision()) > last);
    await tenant.startsOfWeb(3);
  });

  test('a restore continues when the worker is killed in the middle', async () => {
    const { platform } = tenant;
    assert.equal((await call('DELETE', `${configMaps()}/kept`)).status, 200);
    const { id } = await platform.submit('up', { type: 'restore', parameters: { snapshot: 'before' } });
    await eventually('the swap has begun', async () => {
      const { steps } = await platform.operation(id);
      return steps.some(({ key, state }) => key === 'swap' && state !== 'pending');
    });
    process.kill(platform.processes()['worker']?.pid ?? 0, 'SIGKILL');
    const ended = await platform.ended(id);
    assert.equal(ended.state, 'succeeded', ended.message);
    await eventually('the object is back', async () => (await kept()) !== 404);
    await tenant.startsOfWeb(4);
  });

  test('snapshot and restore of a sleeping one start no control plane', async () => {
    await tenant.succeed({ type: 'sleep' });
    await tenant.succeed({ type: 'snapshot', parameters: { snapshot: 'asleep' } });
    await tenant.succeed({ type: 'restore', parameters: { snapshot: 'asleep' } });
    assert.equal(await tenant.phase(), 'Sleeping');
    assert.deepEqual(await tenant.hostPods(), []);
    await tenant.succeed({ type: 'wake' });
    await eventually('the object is there', async () => typeof (await kept()) === 'object');
    await tenant.startsOfWeb(5);
  });

  test('its chart cannot be changed', async () => {
    const refused = await update({ templateRef: { name: 'default' }, parameters: null }, 'failed');
    assert.match(
      refused.message ?? '',
      /uses chart vcluster and cannot change to chart tenant-control-plane/,
    );
  });

  test('delete: no namespace, volume or cluster-wide right is left', async () => {
    await tenant.succeed({ type: 'delete' });
    const { core, rbac } = tenant.cluster.client;
    const { namespace } = tenant;
    assert.deepEqual((await core.listNamespacedPod({ namespace })).items, []);
    const taken = async () =>
      !(await core.listNamespace()).items.some(({ metadata }) => metadata?.name === namespace);
    await eventually('Kubernetes takes the empty namespace away', taken);
    await eventually('no volume is left', async () => (await core.listPersistentVolume()).items.length === 0);
    const roles = [...(await rbac.listClusterRole()).items, ...(await rbac.listClusterRoleBinding()).items];
    const own = roles.map(({ metadata }) => metadata?.name ?? '').filter((name) => name.startsWith('vc-'));
    assert.deepEqual(own, []);
    assert.equal((await call('GET', `${instancesPath}/up`)).status, 404);
    const { data } = await core.readNamespacedConfigMap({ namespace: 'victim', name: 'victim' });
    assert.deepEqual(data, victim.data);
  });
});
