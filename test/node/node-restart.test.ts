import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { eventually } from '../support/eventually.ts';
import {
  isReady,
  namespace,
  type NodeCluster,
  pod,
  processesOf,
  runPod,
  shell,
  startNodeCluster,
  waitForPod,
} from './node-cluster.ts';

let cluster: NodeCluster;
before(async () => {
  cluster = await startNodeCluster();
});
after(async () => cluster.stop());

const shared = () => cluster.config.hostPathPrefixes[0] ?? '';
const volumes = () => [{ name: 'shared', hostPath: { path: shared() } }];
const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
const lines = (file: string) =>
  existsSync(join(shared(), file)) ? readFileSync(join(shared(), file), 'utf8').trim().split('\n') : [];
const status = (found: V1Pod, index = 0) => found.status?.containerStatuses?.[index];
/** Writes its pid at each start (`$$` is one `$` to Kubernetes), then stays until it is told to stop. */
const stay = (file: string) =>
  `echo $$$$ >>/shared/${file}; trap "exit 0" TERM; while :; do sleep 0.05; done`;
const remove = (name: string) => cluster.client.core.deleteNamespacedPod({ name, namespace });

test('a restarted node adopts the running containers of a killed one', async () => {
  const sidecar = shell('side', stay('side'), { restartPolicy: 'Always', volumeMounts });
  const found = await runPod(
    cluster,
    pod('stays', {
      volumes: volumes(),
      initContainers: [shell('init', 'echo x >>/shared/init', { volumeMounts }), sidecar],
      containers: [shell('c', stay('main'), { volumeMounts })],
    }),
    isReady,
  );
  await eventually('both have started', () => lines('main').length === 1 && lines('side').length === 1);
  await cluster.endNode('SIGKILL');
  await cluster.startNode();
  await cluster.endNode('SIGTERM');
  await cluster.startNode();
  const later = await waitForPod(cluster, 'stays', isReady);
  assert.deepEqual(
    [lines('init').length, lines('side').length, lines('main').length],
    [1, 1, 1],
    'nothing started twice',
  );
  assert.deepEqual(
    [status(later)?.restartCount, status(later)?.containerID],
    [0, status(found)?.containerID],
  );
  assert.equal(later.status?.podIP, found.status?.podIP);
  assert.equal(
    later.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime?.getTime(),
    found.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime?.getTime(),
  );
  // and it still sees their end
  process.kill(Number(lines('main')[0]), 'SIGKILL');
  await waitForPod(
    cluster,
    'stays',
    (candidate) =>
      status(candidate)?.restartCount === 1 && status(candidate)?.lastState?.terminated?.exitCode === 137,
  );
  await remove('stays');
});

test('a container that ends while the node is down is recorded with its exit code', async () => {
  const wait = 'while ! test -f /shared/go; do sleep 0.05; done; exit';
  await runPod(
    cluster,
    pod('once', {
      restartPolicy: 'Never',
      volumes: volumes(),
      containers: [shell('good', `${wait} 0`, { volumeMounts }), shell('bad', `${wait} 9`, { volumeMounts })],
    }),
    (candidate) => candidate.status?.phase === 'Running',
  );
  await cluster.endNode('SIGKILL');
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(shared(), 'go'), '');
  await eventually('both have ended', () => processesOf(`${shared()}/go`).length === 0);
  await cluster.startNode();
  const found = await waitForPod(cluster, 'once', (candidate) => candidate.status?.phase === 'Failed');
  assert.deepEqual(
    found.status?.containerStatuses?.map(({ state }) => state?.terminated?.exitCode),
    [0, 9],
  );
  await remove('once');
});

test('a node killed again and again while pods start never runs a container twice', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `quick-${index}`);
  for (const name of names) {
    await cluster.client.core.createNamespacedPod({
      namespace,
      body: pod(name, { volumes: volumes(), containers: [shell('c', stay(name), { volumeMounts })] }),
    });
  }
  for (let round = 0; round < 4; round += 1) {
    await eventually(
      'some have started',
      () => names.filter((name) => lines(name).length > 0).length > round * 3,
    );
    await cluster.endNode('SIGKILL');
    await cluster.startNode();
  }
  for (const name of names) {
    const found = await waitForPod(cluster, name, isReady);
    assert.equal(
      lines(name).length,
      1 + (status(found)?.restartCount ?? 0),
      `${name}: ${lines(name).join(' ')}`,
    );
    assert.equal(processesOf(`${shared()}/${name};`).length, 1, name);
  }
  await cluster.client.core.deleteCollectionNamespacedPod({
    namespace,
    labelSelector: '!keep',
    body: { gracePeriodSeconds: 1 },
  });
  await eventually(
    'all are gone',
    async () => (await cluster.client.core.listNamespacedPod({ namespace })).items.length === 0,
  );
});

test('a container whose shim was killed too ends with an unknown exit code', async () => {
  const found = await runPod(
    cluster,
    pod('lost', { volumes: volumes(), containers: [shell('c', stay('lost'), { volumeMounts })] }),
    isReady,
  );
  await eventually('it has started', () => lines('lost').length === 1);
  const pid = Number(lines('lost')[0]);
  const shim = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
  process.kill(shim, 'SIGKILL');
  process.kill(pid, 'SIGKILL');
  const later = await waitForPod(cluster, 'lost', (candidate) => status(candidate)?.restartCount === 1);
  const terminated = status(later)?.lastState?.terminated;
  assert.deepEqual([terminated?.exitCode, terminated?.reason], [137, 'ContainerStatusUnknown']);
  assert.equal(later.metadata?.uid, found.metadata?.uid);
  await remove('lost');
});

test('a pod status changed by another client is corrected', async () => {
  let found = await runPod(
    cluster,
    pod('marked', { containers: [shell('c', 'trap "exit 0" TERM; while :; do sleep 0.05; done')] }),
    isReady,
  );
  // Again as soon as it is corrected: the change may come before the answer to the node's own write.
  for (let round = 0; round < 20; round += 1) {
    for (const condition of found.status?.conditions ?? []) {
      if (condition.type === 'Ready') condition.status = 'False';
    }
    delete found.metadata?.resourceVersion;
    await cluster.client.core.replaceNamespacedPodStatus({ name: 'marked', namespace, body: found });
    found = await waitForPod(cluster, 'marked', isReady);
  }
  await remove('marked');
});

test('a pod deleted while the node is down leaves nothing behind', async () => {
  const found = await runPod(
    cluster,
    pod('removed', { volumes: volumes(), containers: [shell('c', stay('removed'), { volumeMounts })] }),
    isReady,
  );
  await cluster.endNode('SIGKILL');
  await cluster.client.core.deleteNamespacedPod({ name: 'removed', namespace, gracePeriodSeconds: 0 });
  await cluster.startNode();
  await eventually(
    'its process and folders are gone',
    () =>
      processesOf(`${shared()}/removed;`).length === 0 &&
      !existsSync(join(cluster.config.stateDir, 'pods', found.metadata?.uid ?? '')),
  );
});

test('a drained node starts its pods again, init containers first', async () => {
  const { core } = cluster.client;
  await runPod(
    cluster,
    pod('again', {
      volumes: volumes(),
      initContainers: [shell('init', 'echo x >>/shared/again-init', { volumeMounts })],
      containers: [shell('c', stay('again'), { volumeMounts })],
    }),
    isReady,
  );
  await runPod(
    cluster,
    pod('never', {
      restartPolicy: 'Never',
      volumes: volumes(),
      containers: [shell('c', stay('never'), { volumeMounts })],
    }),
    (candidate) => candidate.status?.phase === 'Running',
  );
  const bound = await core.readNamespacedPod({ name: 'again', namespace });
  await cluster.endNode('SIGUSR2');
  assert.deepEqual(processesOf(`${shared()}/again;`), []);
  const between = await core.readNamespacedPod({ name: 'again', namespace });
  assert.deepEqual(
    [between.metadata?.uid, between.status?.phase, isReady(between)],
    [bound.metadata?.uid, 'Running', false],
  );
  await cluster.startNode();
  const found = await waitForPod(cluster, 'again', isReady);
  assert.equal(found.metadata?.uid, bound.metadata?.uid);
  assert.equal(status(found)?.restartCount, 1);
  assert.deepEqual([lines('again').length, lines('again-init').length], [2, 2]);
  const never = await waitForPod(cluster, 'never', (candidate) => candidate.status?.phase !== 'Running');
  assert.equal(lines('never').length, 1, 'a pod that is never restarted is not');
  assert.ok(
    never.status?.conditions?.some(({ type }) => type === 'DisruptionTarget') ||
      never.status?.phase === 'Succeeded',
  );
  await remove('again');
  await eventually('its process is gone', () => processesOf(`${shared()}/again;`).length === 0);
});

test('a second node on the same folder is refused', async () => {
  await assert.rejects(cluster.startNode(), /another process node runs on/);
});
