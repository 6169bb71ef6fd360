import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { defaultHostNamespace } from '../../contracts/names.ts';
import type { OperationRequest } from '../../contracts/operations.ts';
import { findProgram } from '../../deploy/toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import {
  instancesPath,
  removeStateDir,
  run,
  startTestPlatform,
  type TestPlatform,
} from '../support/platform.ts';
import { busyboxImage } from '../support/real-node/node-images.ts';
import { type RealNodeCluster, startRealNodeCluster } from '../support/real-node/real-node-cluster.ts';
import {
  importUpstreamImages,
  upstreamTemplate,
  upstreamVclusterAvailable,
  vclusterChart,
} from '../support/real-node/upstream-vcluster.ts';

const tenantPath = '/kubernetes/project/default/virtualcluster/up';
const templatesPath = '/kubernetes/management/apis/management.loft.sh/v1/virtualclustertemplates';
const namespace = defaultHostNamespace('default', 'up');
const managedBySyncer = 'vcluster.loft.sh/managed-by=up';

const mergePatch = { 'content-type': 'application/merge-patch+json' };
const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
};
/** Each start adds a line to a file on the volume. */
const script = 'echo start >>/data/starts; echo started; exec httpd -f -p 8080 -h /data';
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'web',
            image: busyboxImage,
            command: ['sh', '-c', script],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    },
  },
};

/** vCluster's own chart through the workflows and activities of every chart, with pods that run on the node. */
describe("a tenant cluster of vCluster's own chart", {
  skip: upstreamVclusterAvailable(),
  timeout: 1_200_000,
}, () => {
  let cluster: RealNodeCluster;
  let platform: TestPlatform;
  let dir: string;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'upstream-'));
    cluster = await startRealNodeCluster();
    await importUpstreamImages(cluster);
    platform = await startTestPlatform({
      args: ['--kubeconfig', cluster.kubeconfigFile, '--chart', vclusterChart()],
    });
    writeFileSync(join(dir, 'kubeconfig'), JSON.stringify(tenantKubeconfig(platform)), { mode: 0o600 });
  });
  after(async () => {
    if (platform !== undefined) {
      await platform.stop();
      removeStateDir(platform.stateDir);
    }
    await cluster?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const phase = async () =>
    (await platform.call('GET', `${instancesPath}/up`)).json<{ status?: { phase?: string } }>().status?.phase;
  const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const startedAt = performance.now();
    await work();
    console.log(`${what}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  };
  const succeed = (request: OperationRequest) =>
    timed(request.type, async () => {
      const ended = await platform.ended((await platform.submit('up', request)).id, 300_000);
      assert.equal(ended.state, 'succeeded', `${ended.message}; ${JSON.stringify(ended.steps)}`);
    });
  const kubectl = (...args: string[]) =>
    run(findProgram('kubectl'), ['--kubeconfig', join(dir, 'kubeconfig'), ...args]);
  const webPod = () =>
    eventually(
      'the pod of web runs',
      async () => {
        const answer = await platform.call(
          'GET',
          `${tenantPath}/api/v1/namespaces/default/pods?labelSelector=app%3Dweb`,
        );
        const { items } = answer.json<{ items: TenantPod[] }>();
        return items.find(({ status }) => status?.phase === 'Running');
      },
      { timeoutMs: 120_000 },
    );
  /** What the volume says of the starts, once there were so many. The pod of before may be listed a while. */
  const startsOfWeb = (count: number) =>
    eventually(
      `${count} starts of web`,
      async () => {
        const { stdout } = await kubectl('exec', (await webPod()).metadata.name, '--', 'cat', '/data/starts');
        return stdout.split('\n').length === count + 1 && stdout;
      },
      { timeoutMs: 120_000, intervalMs: 500 },
    );
  const kept = async () => {
    const answer = await platform.call('GET', `${tenantPath}/api/v1/namespaces/default/configmaps/kept`);
    return { status: answer.status, data: answer.json<{ data?: unknown }>().data };
  };
  const hostPods = async (labelSelector?: string) =>
    (await cluster.client.core.listNamespacedPod({ namespace, ...(labelSelector ? { labelSelector } : {}) }))
      .items;

  test('create: it answers through the gateway', async () => {
    const template = await platform.call('POST', templatesPath, upstreamTemplate('vcluster'));
    assert.equal(template.status, 201, template.text);
    await timed('create', async () => {
      await platform.apply('up', { templateRef: { name: 'vcluster' } });
      const ended = await platform.ended((await platform.first('up', 'create')).id);
      assert.equal(
        ended.state,
        'succeeded',
        `${ended.message}; ${JSON.stringify(ended.steps, undefined, 1)}`,
      );
    });
    assert.equal(await phase(), 'Ready');
    const namespaces = await kubectl('get', 'namespaces', '-o', 'name');
    assert.match(namespaces.stdout, /namespace\/default\n/, namespaces.stderr);
  });

  test('use: a pod made in it runs on the node; its log and a command in it come through the gateway', async () => {
    const claimed = await platform.call(
      'POST',
      `${tenantPath}/api/v1/namespaces/default/persistentvolumeclaims`,
      claim,
    );
    assert.equal(claimed.status, 201, claimed.text);
    await timed('pod', async () => {
      const made = await platform.call(
        'POST',
        `${tenantPath}/apis/apps/v1/namespaces/default/deployments`,
        deployment,
      );
      assert.equal(made.status, 201, made.text);
      await webPod();
    });
    const { metadata } = await webPod();
    const synced = await hostPods(managedBySyncer);
    assert.ok(synced.some(({ spec }) => spec?.nodeName === cluster.nodeName));
    const log = await eventually('a line in the log', async () => {
      const answer = await kubectl('logs', metadata.name);
      return answer.stdout !== '' && answer;
    });
    assert.deepEqual(log, { code: 0, stdout: 'started\n', stderr: '' });
    const command = await kubectl(
      'exec',
      metadata.name,
      '--',
      'wget',
      '-qO-',
      'http://127.0.0.1:8080/starts',
    );
    assert.deepEqual(command, { code: 0, stdout: 'start\n', stderr: '' });
    const resolved = await kubectl(
      'exec',
      metadata.name,
      '--',
      'nslookup',
      'kubernetes.default.svc.cluster.local',
    );
    assert.equal(resolved.code, 0, `${resolved.stdout}${resolved.stderr}`);
  });

  test('sleep: neither the control plane nor a pod that it ran is left, volumes are', async () => {
    await succeed({ type: 'sleep' });
    assert.equal(await phase(), 'Sleeping');
    assert.deepEqual(await hostPods(), []);
    assert.equal((await cluster.client.core.listPersistentVolume()).items.length, 2);
  });

  test('an update of a sleeping one leaves it asleep', async () => {
    await timed('update', async () => {
      const changed = { spec: { parameters: 'changed: "yes"' } };
      const patched = await platform.call('PATCH', `${instancesPath}/up`, changed, { headers: mergePatch });
      assert.equal(patched.status, 200, patched.text);
      const ended = await platform.ended((await platform.first('up', 'update')).id);
      assert.equal(ended.state, 'succeeded', ended.message);
    });
    const set = await cluster.client.apps.readNamespacedStatefulSet({ namespace, name: 'up' });
    assert.deepEqual([set.metadata?.labels?.['changed'], set.spec?.replicas], ['yes', 0]);
    assert.equal(await phase(), 'Sleeping');
    assert.deepEqual(await hostPods(), []);
  });

  test('wake: what ran for it runs again, on the same volume', async () => {
    await succeed({ type: 'wake' });
    assert.equal(await startsOfWeb(2), 'start\nstart\n');
  });

  test('snapshot and restore: encrypted, on the running one; the object comes back and no revision twice', async () => {
    const configMaps = `${tenantPath}/api/v1/namespaces/default/configmaps`;
    const object = { metadata: { name: 'kept' }, data: { greeting: 'hello-canary' } };
    assert.equal((await platform.call('POST', configMaps, object)).status, 201);
    await succeed({ type: 'snapshot', parameters: { snapshot: 'before' } });
    const file = readFileSync(join(platform.stateDir, 'snapshots/default/up/before.vcps'));
    assert.equal(file.toString('latin1', 0, 4), 'VCPS');
    assert.ok(!file.includes('hello-canary'));
    assert.equal((await platform.call('DELETE', `${configMaps}/kept`)).status, 200);
    const revision = async () => {
      const { text } = await platform.call('GET', `${configMaps}?limit=1`);
      return Number((JSON.parse(text) as { metadata: { resourceVersion: string } }).metadata.resourceVersion);
    };
    const last = await revision();
    await succeed({ type: 'restore', parameters: { snapshot: 'before' } });
    const back = await eventually('the object is back', async () => (await kept()).status === 200 && kept());
    assert.deepEqual(back, { status: 200, data: object.data });
    assert.ok((await revision()) > last);
    assert.equal(await startsOfWeb(3), 'start\nstart\nstart\n');
  });

  test('a snapshot of a sleeping one starts no control plane', async () => {
    await succeed({ type: 'sleep' });
    await succeed({ type: 'snapshot', parameters: { snapshot: 'asleep' } });
    assert.equal(await phase(), 'Sleeping');
    assert.deepEqual(await hostPods(), []);
    await succeed({ type: 'restore', parameters: { snapshot: 'asleep' } });
    assert.equal(await phase(), 'Sleeping');
  });

  test('it wakes on what was restored while it slept', async () => {
    await succeed({ type: 'wake' });
    await eventually('the object is there', async () => (await kept()).status === 200);
    assert.equal(await startsOfWeb(4), 'start\nstart\nstart\nstart\n');
  });

  test('its chart cannot become another', async () => {
    const other = { spec: { templateRef: { name: 'default' } } };
    const patched = await platform.call('PATCH', `${instancesPath}/up`, other, { headers: mergePatch });
    assert.equal(patched.status, 200, patched.text);
    const refused = await eventually('the update is refused', async () => {
      const { id } = await platform.first('up', 'update');
      const ended = await platform.ended(id);
      return ended.state === 'failed' && ended;
    });
    assert.match(
      refused.message ?? '',
      /is of chart vcluster and cannot become one of chart tenant-control-plane/,
    );
  });

  test('delete: no namespace, volume or cluster-wide right is left', async () => {
    await succeed({ type: 'delete' });
    const { core, rbac } = cluster.client;
    const names = (await core.listNamespace()).items.map(({ metadata }) => metadata?.name);
    assert.ok(!names.includes(namespace), names.join(' '));
    await eventually('no volume is left', async () => (await core.listPersistentVolume()).items.length === 0);
    const roles = (await rbac.listClusterRole()).items.map((role) => role.metadata?.name ?? '');
    assert.deepEqual(
      roles.filter((name) => name.startsWith('vc-')),
      [],
    );
    assert.equal((await platform.call('GET', `${instancesPath}/up`)).status, 404);
  });
});

interface TenantPod {
  metadata: { name: string; uid: string };
  status?: { phase?: string };
}

function tenantKubeconfig(platform: TestPlatform): object {
  const { url, caFile, accessKey } = platform.admin();
  const cluster = {
    server: `${url}${tenantPath}`,
    'certificate-authority-data': readFileSync(caFile).toString('base64'),
  };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: accessKey } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
}
