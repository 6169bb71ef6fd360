import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, run } from '../support/platform.ts';
import { followLog } from '../support/real-node/follow-log.ts';
import { plainGet } from '../support/real-node/plain-get.ts';
import { realNodeAvailable } from '../support/real-node/real-node-available.ts';
import type { RealNodeCluster } from '../support/real-node/real-node-cluster.ts';
import { sharedRealNode } from '../support/real-node/shared-real-node.ts';
import { busyboxImage, tenantToolsImage } from '../support/real-node/node-images.ts';

/** Counts on its log, and answers HTTP on 8080. */
const script =
  'mkdir /tmp/www; echo served >/tmp/www/index.html; httpd -p 8080 -h /tmp/www; i=0; while :; do i=$((i+1)); echo line $i; sleep 1; done';

const pod = {
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'web', image: busyboxImage, command: ['sh', '-c', script] }],
  },
};

/** Has a Node; static busybox's own `wget` crashes where there is no C library to look names up with. */
const client = {
  metadata: { name: 'client' },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'client', image: tenantToolsImage, command: ['sleep', '3600'] }],
  },
};

const service = {
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
};

/** kubectl straight to the API server: what the fixture gives to suites of streams. */
describe('a pod on a real kubelet', { skip: realNodeAvailable(), timeout: 300_000 }, () => {
  let cluster: RealNodeCluster;
  before(async () => {
    cluster = await sharedRealNode();
    const namespace = 'default';
    await eventually('the service account is there', () =>
      cluster.client.core.readNamespacedServiceAccount({ name: 'default', namespace }),
    );
    for (const body of [pod, client]) await cluster.client.core.createNamespacedPod({ namespace, body });
    await cluster.client.core.createNamespacedService({ namespace, body: service });
    await eventually('the pods run', async () => {
      const { items } = await cluster.client.core.listNamespacedPod({ namespace });
      return items.every(({ status }) => status?.phase === 'Running');
    });
  });

  const args = (...more: string[]) => ['--kubeconfig', cluster.kubeconfigFile, ...more];
  const kubectl = (...more: string[]) => run(findProgram('kubectl'), args(...more));

  test('kubectl logs -f follows the log', async () => {
    const output = await followLog(args('logs', '-f', 'web'));
    assert.match(output, /^line 1\nline 2\nline 3\n/);
  });

  test('exec carries input, output and the exit code', async () => {
    const echoed = await run(findProgram('kubectl'), args('exec', '-i', 'web', '--', 'cat'), {
      input: 'hello\n',
    });
    assert.deepEqual(echoed, { code: 0, stdout: 'hello\n', stderr: '' });
    assert.equal((await kubectl('exec', 'web', '--', 'sh', '-c', 'exit 7')).code, 7);
  });

  test('cp brings a file there and back', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'cp-'));
    writeFileSync(join(dir, 'sent'), 'x'.repeat(1_000_000));
    const sent = await kubectl('cp', join(dir, 'sent'), 'web:/tmp/copied');
    assert.equal(sent.code, 0, sent.stderr);
    const back = await kubectl('cp', 'web:/tmp/copied', join(dir, 'back'));
    assert.equal(back.code, 0, back.stderr);
    assert.equal(readFileSync(join(dir, 'back'), 'utf8'), 'x'.repeat(1_000_000));
  });

  test('port-forward reaches the pod', async () => {
    const port = await freePort();
    const child = spawn(findProgram('kubectl'), args('port-forward', 'pod/web', `${port}:8080`));
    try {
      const answer = await eventually('the forwarded port answers', () => plainGet('127.0.0.1', port));
      assert.match(answer, /served/);
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });

  test('a Service answers at its address, from the node and from a pod', async () => {
    const { spec } = await cluster.client.core.readNamespacedService({ name: 'web', namespace: 'default' });
    const address = spec?.clusterIP ?? '';
    assert.match(await eventually('the Service answers', () => plainGet(address, 80)), /served/);
    const program = `fetch('http://${address}/').then((a) => a.text()).then((t) => process.stdout.write(t))`;
    const inside = await kubectl('exec', 'client', '--', 'node', '-e', program);
    assert.equal(inside.stdout, 'served\n', inside.stderr);
  });
});
