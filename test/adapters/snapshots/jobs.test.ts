import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hostNamespaces, type TenantHost } from '../../../adapters/host-namespaces.ts';
import { type ClusterClient, connectCluster } from '../../../adapters/kubernetes/client.ts';
import { jobName } from '../../../adapters/snapshots/job-manifest.ts';
import { waitForJob } from '../../../adapters/snapshots/jobs.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { startApiServer, type TestApiServer } from '../../support/api-server.ts';

const namespace = 'host';
const tenant = { project: 'p', name: 'one', uid: 'u', cluster: 'local', hostNamespace: namespace };
let server: TestApiServer;
let client: ClusterClient;
let host: TenantHost;
before(async () => {
  server = await startApiServer();
  client = connectCluster(server.adminKubeconfig);
  const clusters = {
    client: async () => client,
    helmKubeconfigFile: async () => '',
    tenantClient: async () => client,
  };
  const created = await hostNamespaces(clusters).create(tenant, {});
  assert.ok(!('leaving' in created));
  host = created;
  await client.core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'default' } } });
});
after(() => server?.stop());

/** A Job with a pod of which nobody but the test says how it is. */
async function jobWithPod(operationId: string) {
  const name = jobName('save', operationId);
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'save', image: 'nowhere/none' }] },
  };
  const job = await client.batch.createNamespacedJob({
    namespace,
    body: { metadata: { name }, spec: { template } },
  });
  const labels = { 'batch.kubernetes.io/job-name': name };
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid: job.metadata?.uid ?? '', controller: true };
  await client.core.createNamespacedPod({
    namespace,
    body: { metadata: { name, labels, ownerReferences: [owner] }, ...template },
  });
  const say = (state: object) => {
    const status = {
      name: 'save',
      image: 'nowhere/none',
      imageID: '',
      ready: false,
      restartCount: 0,
      state,
    };
    const body = [{ op: 'add', path: '/status/containerStatuses', value: [status] }];
    return client.core.patchNamespacedPodStatus({ namespace, name, body });
  };
  const waiting = waitForJob({ host, operationId, command: 'save' }, undefined);
  waiting.catch(() => undefined);
  return { say, waiting };
}

test('a Job with a missing image fails with the reason before its deadline', async () => {
  const { say, waiting } = await jobWithPod('op-unpullable');
  const startedAt = performance.now();
  await say({ waiting: { reason: 'ErrImagePull', message: 'no such image' } });
  await say({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nowhere/none"' } });
  await assert.rejects(
    waiting,
    (error) =>
      error instanceof PlatformError &&
      error.code === 'operation_failed' &&
      /^the Job cannot start: container save of pod .*: ImagePullBackOff Back-off pulling image "nowhere\/none"$/.test(
        error.message,
      ),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  assert.ok(seconds > 14 && seconds < 60, `${seconds} s`);
});

test('a Job that starts late ends normally', async () => {
  const { say, waiting } = await jobWithPod('op-late');
  await say({ waiting: { reason: 'ErrImagePull' } });
  await say({ running: { startedAt: '2026-01-01T00:00:00Z' } });
  await say({ terminated: { exitCode: 0, message: '{"sizeBytes":7}' } });
  assert.deepEqual(await waiting, { sizeBytes: 7 });
});

test("a pod that has only the Job's label is ignored", async () => {
  const { say, waiting } = await jobWithPod('op-forged');
  const spec = { containers: [{ name: 'save', image: 'nowhere/none' }] };
  const labels = { 'batch.kubernetes.io/job-name': jobName('save', 'op-forged') };
  await client.core.createNamespacedPod({ namespace, body: { metadata: { name: 'forged', labels }, spec } });
  const terminated = { exitCode: 0, message: '{"sizeBytes":666}' };
  const status = {
    name: 'save',
    image: 'x',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { terminated },
  };
  const body = [{ op: 'add', path: '/status/containerStatuses', value: [status] }];
  await client.core.patchNamespacedPodStatus({ namespace, name: 'forged', body });
  await say({ terminated: { exitCode: 0, message: '{"sizeBytes":7}' } });
  assert.deepEqual(await waiting, { sizeBytes: 7 });
});
