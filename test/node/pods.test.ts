import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { get } from 'node:https';
import { after, before, test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { orUndefined } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { eventually } from '../support/eventually.ts';
import {
  hasEnded,
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

const container = (found: V1Pod, name: string) =>
  [...(found.status?.containerStatuses ?? []), ...(found.status?.initContainerStatuses ?? [])].find(
    (status) => status.name === name,
  );
const log = (name: string, options: object = {}) =>
  cluster.client.core.readNamespacedPodLog({ name, namespace, ...options });
/** Keeps a container busy until it is told to stop. */
const stay = 'trap "exit 0" TERM; while :; do sleep 0.05; done';

async function remove(name: string): Promise<void> {
  await cluster.client.core.deleteNamespacedPod({ name, namespace });
  await eventually(
    `pod ${name} is gone`,
    async () => (await orUndefined(cluster.client.core.readNamespacedPod({ name, namespace }))) === undefined,
  );
}

test('init containers, a sidecar, volumes, environment and logs work together', async () => {
  await cluster.client.core.createNamespacedSecret({
    namespace,
    body: { metadata: { name: 's' }, stringData: { user: 'anna', 'id.txt': '42' } },
  });
  await cluster.client.core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'cm' }, data: { greeting: 'hello' } },
  });
  const volumeMounts = [
    { name: 'work', mountPath: '/work' },
    { name: 'memory', mountPath: '/memory' },
    { name: 's', mountPath: '/etc/secret' },
    { name: 'all', mountPath: '/etc/all' },
  ];
  const found = await runPod(
    cluster,
    pod('whole', {
      restartPolicy: 'Never',
      volumes: [
        { name: 'work', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory' } },
        {
          name: 's',
          secret: { secretName: 's', defaultMode: 0o400, items: [{ key: 'id.txt', path: 'sub/id' }] },
        },
        {
          name: 'all',
          projected: {
            sources: [
              { configMap: { name: 'cm' } },
              { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
              { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
              { configMap: { name: 'none', optional: true } },
            ],
          },
        },
      ],
      initContainers: [
        shell('first', 'echo first >>/work/order', { volumeMounts }),
        shell('side', `echo side >>/work/order; ${stay}`, {
          volumeMounts,
          restartPolicy: 'Always',
          startupProbe: { exec: { command: ['test', '-f', '/work/order'] }, periodSeconds: 1 },
        }),
        shell('last', 'echo last >>/work/order', { volumeMounts }),
      ],
      containers: [
        shell(
          'main',
          'cat /work/order; echo "$GREETING $USER_NAME $POD"; cat /etc/secret/sub/id; echo; stat -Lc %a /etc/secret/sub/id; cat /etc/all/name; echo; wc -c </etc/all/token; cd /memory; pwd; echo "$ADDRESS"',
          {
            volumeMounts,
            env: [
              { name: 'USER_NAME', valueFrom: { secretKeyRef: { name: 's', key: 'user' } } },
              { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'cm', key: 'greeting' } } },
              { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              { name: 'ADDRESS', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            ],
          },
        ),
      ],
    }),
    hasEnded,
  );
  assert.equal(found.status?.phase, 'Succeeded');
  const lines = (await log('whole', { container: 'main' })).trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 7), ['first', 'side', 'last', 'hello anna whole', '42', '400', 'whole']);
  assert.ok(Number(lines[7]) > 500, 'a token is there');
  assert.match(lines[8] ?? '', /^\/dev\/shm\/vcp-[0-9a-f]{8}\/1$/);
  assert.equal(lines[9], found.status?.podIP);
  assert.match(found.status?.podIP ?? '', /^127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./);
  assert.equal(container(found, 'side')?.state?.terminated?.exitCode, 0, 'the sidecar was stopped');
  const memory = lines[8] ?? '';
  await remove('whole');
  // The API removes a pod that has ended without asking its node first.
  await eventually(
    'its folders are gone',
    () =>
      ![memory, `${cluster.config.stateDir}/pods/${found.metadata?.uid}`].some((path) => existsSync(path)),
  );
});

test('a Job fails after its retries, with exit code and termination message', async () => {
  const { batch, core } = cluster.client;
  await batch.createNamespacedJob({
    namespace,
    body: {
      metadata: { name: 'fails' },
      spec: {
        backoffLimit: 1,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [
              shell('c', 'echo broken here; exit 7', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
            ],
          },
        },
      },
    },
  });
  await eventually(
    'the Job has failed',
    async () =>
      (await batch.readNamespacedJob({ name: 'fails', namespace })).status?.conditions?.some(
        ({ type, status }) => type === 'Failed' && status === 'True',
      ),
    { timeoutMs: 60_000 },
  );
  const pods = (await core.listNamespacedPod({ namespace, labelSelector: 'job-name=fails' })).items;
  assert.equal(pods.length, 2);
  for (const found of pods) {
    const terminated = container(found, 'c')?.state?.terminated;
    assert.deepEqual(
      [terminated?.exitCode, terminated?.reason, terminated?.message],
      [7, 'Error', 'broken here\n'],
    );
  }
  await batch.deleteNamespacedJob({ name: 'fails', namespace, propagationPolicy: 'Foreground' });
  await eventually(
    'its pods are gone',
    async () =>
      (await core.listNamespacedPod({ namespace, labelSelector: 'job-name=fails' })).items.length === 0,
  );
});

test('readiness follows its probe over HTTP; a failing liveness probe restarts', async () => {
  const server = `const fs=require('fs');require('http').createServer((q,r)=>{r.statusCode=q.url==='/live'||fs.existsSync('/flags/ready')?200:503;if(q.url==='/live'&&fs.existsSync('/flags/dead'))r.statusCode=500;r.end()}).listen(8080,process.env.POD_IP)`;
  const volumeMounts = [{ name: 'flags', mountPath: '/flags' }];
  const http = (path: string) => ({ httpGet: { path, port: 'web' } });
  const name = 'probed';
  const found = await runPod(
    cluster,
    pod(name, {
      volumes: [
        {
          name: 'flags',
          hostPath: { path: `${cluster.config.hostPathPrefixes[0]}/flags`, type: 'DirectoryOrCreate' },
        },
      ],
      containers: [
        shell('web', `exec ${process.execPath} -e "${server}"`, {
          volumeMounts,
          ports: [{ name: 'web', containerPort: 8080 }],
          env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
          startupProbe: { tcpSocket: { port: 'web' }, failureThreshold: 30, periodSeconds: 1 },
          readinessProbe: { ...http('/'), periodSeconds: 1, failureThreshold: 1 },
          livenessProbe: { ...http('/live'), periodSeconds: 1, failureThreshold: 1 },
        }),
      ],
    }),
    (candidate) => container(candidate, 'web')?.started === true,
  );
  assert.equal(isReady(found), false);
  const { writeFileSync, rmSync } = await import('node:fs');
  const flag = (flagName: string) => `${cluster.config.hostPathPrefixes[0]}/flags/${flagName}`;
  writeFileSync(flag('ready'), '');
  await waitForPod(cluster, name, isReady);
  rmSync(flag('ready'));
  await waitForPod(cluster, name, (candidate) => !isReady(candidate));
  writeFileSync(flag('dead'), '');
  await waitForPod(cluster, name, (candidate) => (container(candidate, 'web')?.restartCount ?? 0) > 0);
  rmSync(flag('dead'));
  const restarted = await waitForPod(
    cluster,
    name,
    (candidate) => container(candidate, 'web')?.started === true,
    40_000,
  );
  assert.equal(container(restarted, 'web')?.lastState?.terminated?.exitCode, 143);
  await remove(name);
});

test('a container that keeps failing is restarted at once, then with back-off', async () => {
  const name = 'crashes';
  const found = await runPod(
    cluster,
    pod(name, { containers: [shell('c', 'exit 4')] }),
    (candidate) => container(candidate, 'c')?.state?.waiting?.reason === 'CrashLoopBackOff',
  );
  assert.equal(container(found, 'c')?.restartCount, 1);
  assert.match(container(found, 'c')?.state?.waiting?.message ?? '', /back-off 10s/);
  assert.equal(container(found, 'c')?.lastState?.terminated?.exitCode, 4);
  assert.equal(await log(name, { previous: true }), '');
  await remove(name);
});

test('a container is killed when its grace period is over, not before', async () => {
  const kind = await runPod(
    cluster,
    pod('kind', {
      containers: [
        shell('c', `trap "sleep 0.5; echo done >/shared/kind; exit 0" TERM; while :; do sleep 0.05; done`, {
          volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
        }),
      ],
      volumes: [{ name: 'shared', hostPath: { path: cluster.config.hostPathPrefixes[0] ?? '' } }],
    }),
    isReady,
  );
  assert.ok(kind);
  await remove('kind');
  assert.ok(existsSync(`${cluster.config.hostPathPrefixes[0]}/kind`), 'it could finish');
  const marker = 'stubborn-4711';
  await runPod(
    cluster,
    pod('stubborn', {
      terminationGracePeriodSeconds: 1,
      containers: [shell('c', `trap "" TERM; : ${marker}; while :; do sleep 0.05; done`)],
    }),
    isReady,
  );
  await eventually('it runs', () => processesOf(marker).length > 0);
  const startedAt = performance.now();
  await remove('stubborn');
  const took = performance.now() - startedAt;
  assert.ok(took > 900, `${took} ms`);
  assert.deepEqual(processesOf(marker), []);
});

test("processes that left their container's process group end with it", async () => {
  const marker = 'runaway-4712';
  await runPod(
    cluster,
    pod('runaway', {
      containers: [shell('c', `setsid sh -c 'while :; do sleep 0.05; done; : ${marker}' & ${stay}`)],
    }),
    isReady,
  );
  await eventually('it runs', () => processesOf(marker).length > 0);
  await remove('runaway');
  assert.deepEqual(processesOf(marker), []);
});

test('an unknown image, a missing Secret and a forbidden hostPath are reported, and recover when fixed', async () => {
  const unknown = await runPod(
    cluster,
    pod('unknown', { containers: [{ name: 'c', image: 'nginx:1' }] }),
    (candidate) => container(candidate, 'c')?.state?.waiting?.reason === 'ErrImageNeverPull',
  );
  assert.match(
    container(unknown, 'c')?.state?.waiting?.message ?? '',
    /does not have the image nginx; it has busybox/,
  );
  await remove('unknown');
  await runPod(
    cluster,
    pod('waits', { containers: [shell('c', stay, { envFrom: [{ secretRef: { name: 'late' } }] })] }),
    (candidate) =>
      /Secret late does not exist/.test(container(candidate, 'c')?.state?.waiting?.message ?? ''),
  );
  await cluster.client.core.createNamespacedSecret({ namespace, body: { metadata: { name: 'late' } } });
  await waitForPod(cluster, 'waits', isReady);
  await remove('waits');
  await runPod(
    cluster,
    pod('foreign', {
      containers: [shell('c', stay)],
      volumes: [{ name: 'etc', hostPath: { path: '/etc' } }],
    }),
    (candidate) =>
      /hostPath \/etc is not allowed/.test(container(candidate, 'c')?.state?.waiting?.message ?? ''),
  );
  await eventually('its event', async () => {
    const events = await cluster.client.core.listNamespacedEvent({
      namespace,
      fieldSelector: 'involvedObject.name=foreign',
    });
    return events.items.some(
      (event) => event.reason === 'FailedMount' && /hostPath \/etc/.test(event.message ?? ''),
    );
  });
  await remove('foreign');
});

test('a pod in a namespace without the label does not run until it has the label', async () => {
  const { core } = cluster.client;
  await core.createNamespace({ body: { metadata: { name: 'other' } } });
  const read = () => core.readNamespacedPod({ name: 'p', namespace: 'other' });
  await eventually('the default service account', () =>
    orUndefined(core.readNamespacedServiceAccount({ name: 'default', namespace: 'other' })),
  );
  await core.createNamespacedPod({ namespace: 'other', body: pod('p', { containers: [shell('c', stay)] }) });
  const waiting = await eventually('refused', async () => {
    const state = (await read()).status?.containerStatuses?.[0]?.state?.waiting;
    return state?.reason === 'NamespaceNotManaged' && state;
  });
  assert.match(
    waiting.message ?? '',
    /only in namespaces with the label vcluster-platform\.io\/managed=true; other does not have it/,
  );
  const body = { metadata: { labels: { 'vcluster-platform.io/managed': 'true' } } };
  await requestJson(cluster.client.kubeConfig, {
    method: 'PATCH',
    path: '/api/v1/namespaces/other',
    body,
    contentType: 'application/merge-patch+json',
  });
  await eventually('it runs', async () => isReady(await read()));
  await core.deleteNamespacedPod({ name: 'p', namespace: 'other' });
});

test('kubectl logs supports tail, previous and follow until the end', async () => {
  await runPod(
    cluster,
    pod('talks', {
      restartPolicy: 'Never',
      containers: [shell('c', 'for i in 1 2 3 4 5; do echo line $i; sleep 0.2; done')],
    }),
    (candidate) => candidate.status?.phase === 'Running',
  );
  const followed = await log('talks', { follow: true });
  assert.equal(followed, 'line 1\nline 2\nline 3\nline 4\nline 5\n');
  assert.equal(await log('talks', { tailLines: 2 }), 'line 4\nline 5\n');
  await assert.rejects(log('talks', { previous: true }));
  await remove('talks');
});

test('a pod that exceeds activeDeadlineSeconds is ended', async () => {
  const found = await runPod(
    cluster,
    pod('late', { activeDeadlineSeconds: 1, containers: [shell('c', stay)] }),
    hasEnded,
  );
  assert.deepEqual([found.status?.phase, found.status?.reason], ['Failed', 'DeadlineExceeded']);
  await remove('late');
});

test('only the API server may read logs from the node', async () => {
  const node = await cluster.client.core.readNode({ name: cluster.config.nodeName });
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  get(
    `https://127.0.0.1:${port}/containerLogs/${namespace}/x/c`,
    { rejectUnauthorized: false, agent: false },
    (response) => {
      response.resume();
      resolve(response.statusCode);
    },
  ).once('error', reject);
  assert.equal(await promise, 401);
});

test('exec on the process node is refused with a reason', async () => {
  await runPod(cluster, pod('quiet', { containers: [shell('c', stay)] }), isReady);
  const answer = requestJson(cluster.client.kubeConfig, {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/pods/quiet/exec?command=ls&stdout=true`,
  });
  await assert.rejects(answer);
  await remove('quiet');
});
