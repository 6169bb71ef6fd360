import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { defaultHostNamespace } from '../../contracts/names.ts';
import type { OperationRequest } from '../../contracts/operations.ts';
import { eventually } from '../support/eventually.ts';
import type { TestPlatform } from '../support/platform.ts';
import { snapshotFolder } from '../support/snapshot-folder.ts';
import { realNodeAvailable } from '../support/real-node/real-node-available.ts';
import type { RealNodeCluster } from '../support/real-node/real-node-cluster.ts';
import { sharedNodePlatform, sharedRealNode } from '../support/real-node/shared-real-node.ts';

const tenant = '/kubernetes/project/default/virtualcluster/alpha';
const instances =
  '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-default/virtualclusterinstances';
const instance = {
  apiVersion: 'management.loft.sh/v1',
  kind: 'VirtualClusterInstance',
  metadata: { name: 'alpha', namespace: 'p-default' },
  spec: { templateRef: { name: 'default' } },
};
const namespace = defaultHostNamespace('default', 'alpha');

/** The chart, image tenant-tools and the activities as anybody's cluster runs them: on containerd and kubelet, behind an agent. */
describe('a tenant cluster on a real node', { skip: realNodeAvailable(), timeout: 600_000 }, () => {
  let cluster: RealNodeCluster;
  let platform: TestPlatform;
  before(async () => {
    cluster = await sharedRealNode();
    platform = await sharedNodePlatform();
  });

  const phase = async () =>
    (await platform.call('GET', `${instances}/alpha`)).json<{ status?: { phase?: string } }>().status?.phase;
  const succeed = async (request: OperationRequest): Promise<void> => {
    const startedAt = performance.now();
    const ended = await platform.ended((await platform.submit('alpha', request)).id, 180_000);
    assert.equal(ended.state, 'succeeded', `${ended.message}; ${JSON.stringify(ended.steps)}`);
    console.log(`${request.type}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  };
  const kept = async () => {
    const answer = await platform.call('GET', `${tenant}/api/v1/namespaces/default/configmaps/kept`);
    return { status: answer.status, data: answer.json<{ data?: unknown }>().data };
  };
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kept' },
    data: { greeting: 'hello' },
  };
  const podsOfHost = async () => (await cluster.client.core.listNamespacedPod({ namespace })).items;

  test('create: its control plane runs in containers under a user without rights', async () => {
    const startedAt = performance.now();
    const applied = await platform.call('POST', instances, instance);
    assert.equal(applied.status, 201, applied.text);
    await eventually('alpha is Ready', async () => (await phase()) === 'Ready', { timeoutMs: 180_000 });
    console.log(`create: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    // The tenant answers before its controller manager and scheduler have started.
    const pod = await eventually('all its containers are ready', async () => {
      const [found] = await podsOfHost();
      return found?.status?.containerStatuses?.every(({ ready }) => ready) === true && found;
    });
    assert.equal(pod.spec?.nodeName, cluster.nodeName);
    for (const status of [
      ...(pod.status?.initContainerStatuses ?? []),
      ...(pod.status?.containerStatuses ?? []),
    ]) {
      assert.match(status.containerID ?? '', /^containerd:\/\//, status.name);
      assert.equal(status.restartCount, 0, status.name);
    }
  });

  test('objects are created and read through the gateway and the tunnel', async () => {
    const path = `${tenant}/api/v1/namespaces/default/configmaps`;
    const made = await platform.call('POST', path, object);
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(await kept(), { status: 200, data: object.data });
  });

  test('sleep removes all pods, and wake brings the objects back', async () => {
    await succeed({ type: 'sleep' });
    assert.equal(await phase(), 'Sleeping');
    assert.deepEqual(await podsOfHost(), []);
    await succeed({ type: 'wake' });
    assert.deepEqual(await eventually('the object answers', kept), { status: 200, data: object.data });
  });

  test('snapshot and restore: a Job in a container writes the file, another brings the data back', async () => {
    await succeed({ type: 'snapshot', parameters: { snapshot: 'before' } });
    const file = join(
      snapshotFolder(join(platform.stateDir, 'snapshots'), 'default', 'alpha'),
      'before.vcps',
    );
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(readFileSync(file).toString('latin1', 0, 4), 'VCPS');
    const path = `${tenant}/api/v1/namespaces/default/configmaps/kept`;
    assert.equal((await platform.call('DELETE', path)).status, 200);
    await succeed({ type: 'restore', parameters: { snapshot: 'before' } });
    const back = await eventually('the object is back', async () => (await kept()).status === 200 && kept());
    assert.deepEqual(back, { status: 200, data: object.data });
  });

  test('a snapshot of a sleeping one starts no control plane', async () => {
    await succeed({ type: 'sleep' });
    await succeed({ type: 'snapshot', parameters: { snapshot: 'asleep' } });
    assert.equal(await phase(), 'Sleeping');
    assert.deepEqual(
      readdirSync(snapshotFolder(join(platform.stateDir, 'snapshots'), 'default', 'alpha')).toSorted(),
      ['asleep.vcps', 'before.vcps'],
    );
  });

  test('delete: no namespace, pod, volume or folder is left', async () => {
    await succeed({ type: 'delete' });
    const { core } = cluster.client;
    assert.deepEqual((await core.listNamespacedPod({ namespace })).items, []);
    const taken = async () =>
      !(await core.listNamespace()).items.some(({ metadata }) => metadata?.name === namespace);
    await eventually('Kubernetes takes the empty namespace away', taken);
    await eventually('no volume is left', async () => (await core.listPersistentVolume()).items.length === 0);
    assert.equal((await platform.call('GET', `${instances}/alpha`)).status, 404);
  });
});
