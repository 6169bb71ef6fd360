import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { targetOfKubeconfig } from '../../api/upstreams/kubeconfig-target.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { annaKey, startTestGateway, type TestGateway } from '../api/test-gateway.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, run } from '../support/platform.ts';
import { busyboxImage } from '../support/real-node/node-images.ts';
import { followLog } from '../support/real-node/follow-log.ts';
import { plainGet } from '../support/real-node/plain-get.ts';
import { realNodeAvailable } from '../support/real-node/real-node-available.ts';
import { sharedRealNode } from '../support/real-node/shared-real-node.ts';

/** Not that of the other suites on this node. */
const namespace = 'through-the-gateway';

const script =
  'mkdir /tmp/www; echo served >/tmp/www/index.html; httpd -p 8080 -h /tmp/www; i=0; while :; do i=$((i+1)); echo line $i; sleep 1; done';
const container = (name: string, command: string[], more: object = {}) => ({
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name, image: busyboxImage, command, ...more }],
  },
});
const pods = [container('web', ['sh', '-c', script]), container('shell', ['sh'], { stdin: true })];

/** kubectl through the gateway to pods on a real kubelet, by each protocol that it can speak. */
describe('streams through the gateway', { skip: realNodeAvailable(), timeout: 300_000 }, () => {
  let gateway: TestGateway;
  let dir: string;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'streams-'));
    const cluster = await sharedRealNode();
    await cluster.client.core.createNamespace({ body: { metadata: { name: namespace } } });
    await eventually('the service account is there', () =>
      cluster.client.core.readNamespacedServiceAccount({ name: 'default', namespace }),
    );
    const rbac = 'rbac.authorization.k8s.io';
    await cluster.client.objects.create({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'anna' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: rbac, kind: 'Group', name: 'loft:user:anna' }],
    } as Parameters<typeof cluster.client.objects.create>[0]);
    for (const body of pods) await cluster.client.core.createNamespacedPod({ namespace, body });
    for (const { metadata } of pods)
      await eventually(`pod ${metadata.name} runs`, async () => {
        const { status } = await cluster.client.core.readNamespacedPod({ name: metadata.name, namespace });
        return status?.phase === 'Running';
      });
    gateway = await startTestGateway({
      target: targetOfKubeconfig(readFileSync(cluster.kubeconfigFile, 'utf8')),
    });
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [
        {
          name: 'c',
          cluster: {
            server: `${gateway.url}/kubernetes/management`,
            'certificate-authority-data': Buffer.from(gateway.certificateAuthority).toString('base64'),
          },
        },
      ],
      users: [{ name: 'u', user: { token: annaKey } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace } }],
    };
    writeFileSync(join(dir, 'kubeconfig'), JSON.stringify(kubeconfig), { mode: 0o600 });
  });
  after(async () => {
    await gateway?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const args = (...more: string[]) => ['--kubeconfig', join(dir, 'kubeconfig'), ...more];
  /** Over WebSocket as kubectl does by itself, and over SPDY as older ones do. */
  for (const [protocol, webSockets] of [
    ['WebSocket', 'true'],
    ['SPDY', 'false'],
  ] as const) {
    const env = {
      ...process.env,
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets,
      KUBECTL_PORT_FORWARD_WEBSOCKETS: webSockets,
    };
    const kubectl = (more: string[], input?: string) =>
      run(findProgram('kubectl'), args(...more), { env, ...(input === undefined ? {} : { input }) });
    const start = (...more: string[]): ChildProcessWithoutNullStreams =>
      spawn(findProgram('kubectl'), args(...more), { env });

    test(`${protocol}: exec carries input, output, errors and the exit code`, async () => {
      const echoed = await kubectl(['exec', '-i', 'web', '-c', 'web', '--', 'cat'], 'hello\n');
      assert.deepEqual(echoed, { code: 0, stdout: 'hello\n', stderr: '' });
      const failed = await kubectl(['exec', 'web', '-c', 'web', '--', 'sh', '-c', 'echo wrong >&2; exit 7']);
      assert.equal(failed.code, 7);
      assert.match(failed.stderr, /^wrong\n/);
    });

    test(`${protocol}: exec -it has a terminal`, async () => {
      const command = [findProgram('kubectl'), ...args('exec', '-it', 'web', '--', 'tty')].join(' ');
      const { stdout } = await run('script', ['-qec', command, '/dev/null'], { env });
      assert.match(stdout, /\/dev\/pts\/\d+/);
    });

    test(`${protocol}: cp brings 32 MiB there and back`, async () => {
      const sent = randomBytes(32 * 1024 * 1024);
      writeFileSync(join(dir, 'sent'), sent);
      const there = await kubectl(['cp', join(dir, 'sent'), 'web:/tmp/copied']);
      assert.equal(there.code, 0, there.stderr);
      const back = await kubectl(['cp', 'web:/tmp/copied', join(dir, 'back')]);
      assert.equal(back.code, 0, back.stderr);
      const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
      assert.equal(digest(readFileSync(join(dir, 'back'))), digest(sent));
    });

    test(`${protocol}: port-forward reaches the pod, several times on one stream`, async () => {
      const port = await freePort();
      const child = start('port-forward', 'pod/web', `${port}:8080`);
      try {
        for (let index = 0; index < 3; index += 1) {
          const answer = await eventually('the forwarded port answers', () => plainGet('127.0.0.1', port));
          assert.match(answer, /served/);
        }
      } finally {
        child.kill();
        await once(child, 'exit');
      }
    });

    test(`${protocol}: attach talks to the process that runs`, async () => {
      const child = start('attach', '-i', 'shell');
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await eventually('the shell answers', () => {
        child.stdin.write('echo still $((40 + 2))\n');
        return output.includes('still 42');
      });
      child.kill();
      await once(child, 'exit');
    });

    test(`${protocol}: debug attaches to an ephemeral container`, async () => {
      const name = `debug-${protocol.toLowerCase()}`;
      const child = start(
        'debug',
        'web',
        '-i',
        `--image=${busyboxImage}`,
        `--container=${name}`,
        '--',
        'cat',
      );
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      // What is sent before the container reads is lost, straight to the API server too.
      await eventually('the container answers', () => {
        child.stdin.write('from outside\n');
        return output.includes('from outside');
      });
      child.kill();
      await once(child, 'exit');
    });

    test(`${protocol}: the gateway can end a stream`, async () => {
      const child = start('exec', 'web', '-c', 'web', '--', 'sh', '-c', 'echo ready; exec sleep 600');
      await once(child.stdout, 'data');
      gateway.streams.end('revoked');
      await once(child, 'exit'); // over SPDY kubectl calls a lost connection a success
      await eventually('no stream is left', () => gateway.streams.size === 0);
    });
  }

  test('kubectl logs -f follows the log', async () => {
    await followLog(args('logs', '-f', 'web'));
  });
});
