import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { targetOfKubeconfig } from '../../api/upstreams/kubeconfig-target.ts';
import { tenantObjects } from '../../contracts/names.ts';
import { kubernetesVersion } from '../../toolchain/parts.ts';
import { vclusterChartVersion } from '../../toolchain/vcluster-chart.ts';
import { eventually } from '../support/eventually.ts';
import { instancesPath } from '../support/platform.ts';
import { snapshotFolder } from '../support/snapshot-folder.ts';
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

/** A Secret that vCluster copies into the host namespace, in which Helm finds the newest record of `release`: `object` is its. */
function forgedRelease(release: string, object: object): object {
  const record = {
    ...{ name: 'victim', namespace: 'victim', version: 99 },
    info: { status: 'deployed', first_deployed: '2026-01-01T00:00:00Z' },
    chart: { metadata: { apiVersion: 'v2', name: 'vcluster', version: vclusterChartVersion } },
    manifest: `---\n${JSON.stringify(object)}\n`,
  };
  const stored = gzipSync(JSON.stringify(record)).toString('base64');
  return {
    metadata: {
      name: 'forged',
      annotations: { 'vcluster.loft.sh/force-sync': 'true' },
      labels: { owner: 'helm', name: release, status: 'deployed', version: '99' },
    },
    type: 'helm.sh/release.v1',
    stringData: { release: stored },
  };
}

/** vCluster's own chart through the workflows and activities of every chart, with pods that run on the node. */
describe("a tenant cluster of vCluster's own chart", { skip, timeout: 1_200_000 }, () => {
  let tenant: UpstreamTenant;
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
  });

  test("the gateway's credential alone opens nothing in it, and acts as nobody who is not on its list", async () => {
    const { namespace, cluster } = tenant;
    const name = tenantObjects.gatewaySecret('up');
    const secret = await cluster.client.core.readNamespacedSecret({ namespace, name });
    const target = targetOfKubeconfig(Buffer.from(secret.data?.['config'] ?? '', 'base64').toString());
    const [pod] = await tenant.hostPods('app=vcluster');
    const address = { ...target, host: pod?.status?.podIP, port: 8443, agent: false };
    const ask = (path: string, headers: Record<string, string>) => {
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
      const outgoing = request({ ...address, path, headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      outgoing.once('error', reject);
      outgoing.end();
      return promise;
    };
    const log = '/api/v1/namespaces/kube-system/pods/any/log';
    for (const path of [
      '/api/v1/namespaces',
      '/api/v1/secrets',
      log,
      '/metrics/syncer',
      '/api/v1/nodes/n/proxy/',
    ])
      assert.equal(await ask(path, {}), 403, path);
    const { user } = tenant.platform.admin();
    const identities: Record<string, string>[] = [
      { 'Impersonate-User': 'system:admin' },
      { 'Impersonate-User': 'system:serviceaccount:kube-system:default' },
      { 'Impersonate-User': 'nobody-known' },
      { 'Impersonate-User': user, 'Impersonate-Group': 'system:masters' },
      { 'Impersonate-User': user, 'Impersonate-Uid': 'any' },
      { 'Impersonate-User': user, 'Impersonate-Extra-Other': 'any' },
    ];
    for (const headers of identities)
      for (const path of ['/api/v1/namespaces', log])
        assert.equal(await ask(path, headers), 403, `${JSON.stringify(headers)} ${path}`);
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

  test('a pod with a way to the node is refused, as its template says', async () => {
    const container = { name: 'c', image: 'any', volumeMounts: [{ name: 'host', mountPath: '/host' }] };
    const spec = { containers: [container], volumes: [{ name: 'host', hostPath: { path: '/' } }] };
    const pods = `${tenant.path}/api/v1/namespaces/default/pods`;
    const made = await call('POST', pods, { metadata: { name: 'reader' }, spec });
    assert.match(made.json<{ message: string }>().message, /violates PodSecurity "baseline/);
    assert.equal(made.status, 403);
  });

  // All that follows runs Helm, with this record among its own.
  test('a record of Helm that the tenant forges is copied beside the true ones', async () => {
    const { core } = tenant.cluster.client;
    await core.createNamespace({ body: { metadata: { name: 'victim' } } });
    await core.createNamespacedConfigMap({ namespace: 'victim', body: victim });
    const secrets = `${tenant.path}/api/v1/namespaces/default/secrets`;
    const made = await call('POST', secrets, forgedRelease('up', victim));
    assert.equal(made.status, 201, made.text);
    const { namespace } = tenant;
    const copy = await eventually('its copy in the host namespace', async () => {
      const { items } = await core.listNamespacedSecret({
        namespace,
        labelSelector: 'owner=helm,version=99',
      });
      return items[0];
    });
    assert.deepEqual([copy.metadata?.name, copy.type], ['forged-x-default-x-up', 'helm.sh/release.v1']);
  });

  test('sleep: neither the control plane nor a pod that it ran is left, volumes are', async () => {
    await tenant.succeed({ type: 'sleep' });
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

  test('an update of a sleeping one leaves it asleep', async () => {
    await timed('update', () => update({ parameters: 'changed: "yes"' }, 'succeeded'));
    assert.deepEqual(await deployed(), ['yes', 0]);
    assert.equal(await tenant.phase(), 'Sleeping');
    assert.deepEqual(await tenant.hostPods(), []);
  });

  test('wake: what ran for it runs again, on the same volume', async () => {
    await tenant.succeed({ type: 'wake' });
    await timed('its pod after the wake', () => tenant.startsOfWeb(2));
  });

  test('an update restarts it, and one that cannot start is taken back', async () => {
    await timed('update', () => update({ parameters: 'changed: "again"' }, 'succeeded'));
    assert.deepEqual(await deployed(), ['again', 1]);
    const { message } = await update({ parameters: '{ changed: "broken", tag: none }' }, 'failed');
    assert.match(message ?? '', /The control plane cannot start: container syncer/);
    assert.deepEqual(await deployed(), ['again', 1]);
    await eventually('it answers', async () => (await kept()) === 404, { timeoutMs: 180_000 });
    // What failed is tried again after the next success, unless it is not wanted any more.
    const back = { spec: { parameters: 'changed: "again"' } };
    const patched = await call('PATCH', `${instancesPath}/up`, back, { headers: mergePatch });
    assert.equal(patched.status, 200, patched.text);
    assert.equal(await tenant.phase(), 'Ready');
  });

  test('snapshot and restore: encrypted, on the running one; the object comes back and no revision twice', async () => {
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

  test('a restore goes on when the worker is killed in the middle of it', async () => {
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

  test('its chart cannot become another', async () => {
    const refused = await update({ templateRef: { name: 'default' }, parameters: null }, 'failed');
    assert.match(
      refused.message ?? '',
      /is of chart vcluster and cannot become one of chart tenant-control-plane/,
    );
  });

  test('delete: no namespace, volume or cluster-wide right is left', async () => {
    await tenant.succeed({ type: 'delete' });
    const { core, rbac } = tenant.cluster.client;
    const names = (await core.listNamespace()).items.map(({ metadata }) => metadata?.name);
    assert.ok(!names.includes(tenant.namespace), names.join(' '));
    await eventually('no volume is left', async () => (await core.listPersistentVolume()).items.length === 0);
    const roles = [...(await rbac.listClusterRole()).items, ...(await rbac.listClusterRoleBinding()).items];
    const own = roles.map(({ metadata }) => metadata?.name ?? '').filter((name) => name.startsWith('vc-'));
    assert.deepEqual(own, []);
    assert.equal((await call('GET', `${instancesPath}/up`)).status, 404);
    const { data } = await core.readNamespacedConfigMap({ namespace: 'victim', name: 'victim' });
    assert.deepEqual(data, victim.data);
  });
});
