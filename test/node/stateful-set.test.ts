import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { V1StatefulSet } from '@kubernetes/client-node';
import { orUndefined } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { eventually } from '../support/eventually.ts';
import { isReady, namespace, type NodeCluster, shell, startNodeCluster } from './node-cluster.ts';

let cluster: NodeCluster;
before(async () => {
  cluster = await startNodeCluster();
});
after(async () => cluster.stop());

const script = 'echo "$VERSION" >>/data/starts; trap "exit 0" TERM; while :; do sleep 0.05; done';

function statefulSet(version: string): V1StatefulSet {
  const labels = { app: 'db' };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace },
    spec: {
      replicas: 1,
      serviceName: 'db',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [
            shell('db', script, {
              env: [{ name: 'VERSION', value: version }],
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            }),
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Mi' } } },
        },
      ],
    },
  };
}

const read = () => orUndefined(cluster.client.core.readNamespacedPod({ name: 'db-0', namespace }));
const starts = (folder: string) => readFileSync(join(folder, 'starts'), 'utf8').trim().split('\n');
const patch = (path: string, body: object) =>
  requestJson(cluster.client.kubeConfig, {
    method: 'PATCH',
    path,
    body,
    contentType: 'application/strategic-merge-patch+json',
  });
const scale = (replicas: number) =>
  patch(`/apis/apps/v1/namespaces/${namespace}/statefulsets/db/scale`, { spec: { replicas } });

test('a StatefulSet with a claim is updated, scaled to zero and back on the same folder, and deleted', async () => {
  const { apps, core } = cluster.client;
  await apps.createNamespacedStatefulSet({ namespace, body: statefulSet('one') });
  const first = await eventually('db-0 is ready', async () => {
    const pod = await read();
    return pod !== undefined && isReady(pod) && pod;
  });
  const claim = await core.readNamespacedPersistentVolumeClaim({ name: 'data-db-0', namespace });
  const volume = await core.readPersistentVolume({ name: claim.spec?.volumeName ?? '' });
  const folder = volume.spec?.local?.path ?? '';
  assert.equal(folder, join(cluster.config.storageDir, `pvc-${claim.metadata?.uid}`));
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  await eventually('it has written', () => existsSync(join(folder, 'starts')));

  await patch(`/apis/apps/v1/namespaces/${namespace}/statefulsets/db`, { spec: statefulSet('two').spec });
  await eventually('the new version runs', async () => {
    const pod = await read();
    return (
      pod !== undefined &&
      isReady(pod) &&
      pod.metadata?.uid !== first.metadata?.uid &&
      starts(folder).length === 2
    );
  });
  assert.deepEqual(starts(folder), ['one', 'two']);

  await scale(0);
  await eventually('db-0 is gone', async () => (await read()) === undefined);
  assert.deepEqual(readdirSync(join(cluster.config.stateDir, 'pods')), [], 'nothing of the pod is left');
  assert.ok(existsSync(folder), 'its volume stays');
  await scale(1);
  await eventually('db-0 is back', async () => {
    const pod = await read();
    return pod !== undefined && isReady(pod) && starts(folder).length === 3;
  });
  assert.deepEqual(starts(folder), ['one', 'two', 'two']);

  await apps.deleteNamespacedStatefulSet({ name: 'db', namespace, propagationPolicy: 'Foreground' });
  await core.deleteNamespacedPersistentVolumeClaim({ name: 'data-db-0', namespace });
  await eventually('volume and folder are gone', async () => {
    const left = await orUndefined(core.readPersistentVolume({ name: volume.metadata?.name ?? '' }));
    return left === undefined && !existsSync(folder);
  });
  assert.deepEqual(readdirSync(cluster.config.storageDir), []);
});

test('a volume that points outside of the storage folder is not deleted', async () => {
  const { core } = cluster.client;
  const victim = join(cluster.config.hostPathPrefixes[0] ?? '', '..', 'victim');
  const { mkdirSync } = await import('node:fs');
  mkdirSync(victim);
  const name = 'pvc-00000000-0000-0000-0000-000000000001';
  await core.createPersistentVolume({
    body: {
      metadata: {
        name,
        annotations: { 'pv.kubernetes.io/provisioned-by': 'vcluster-platform.io/process-node' },
        finalizers: ['vcluster-platform.io/process-node'],
      },
      spec: {
        capacity: { storage: '1Mi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'process-node',
        persistentVolumeReclaimPolicy: 'Delete',
        local: { path: victim },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['test'] }] },
            ],
          },
        },
      },
    },
  });
  await core.deletePersistentVolume({ name });
  await eventually('the node has refused', () =>
    cluster.nodeLog().includes(`${name} is not in this node's volume folder`),
  );
  assert.ok(existsSync(victim));
});
