import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findProgram } from '../../../toolchain/find-program.ts';
import { eventually } from '../eventually.ts';
import { freePort, run } from '../platform.ts';
import { followLog } from './follow-log.ts';
import { busyboxImage } from './node-images.ts';
import { plainGet } from './plain-get.ts';

/** How kubectl gets to the pods of `createStreamPods`. */
export interface StreamWay {
  /** Of kubectl: `--kubeconfig`, and `--namespace` of the pods. */
  readonly flags: readonly string[];
  /** A folder of the suite. */
  readonly dir: string;
}

/** Over WebSocket as kubectl does by itself, and over SPDY as older ones do. */
export const streamProtocols = { WebSocket: 'true', SPDY: 'false' } as const;
type Protocol = keyof typeof streamProtocols;

const script =
  'mkdir /tmp/www; echo served >/tmp/www/index.html; httpd -p 8080 -h /tmp/www; i=0; while :; do i=$((i+1)); echo line $i; sleep 1; done';
const pod = (name: string, command: string[], more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name, image: busyboxImage, command, ...more }],
  },
});
const pods = [pod('web', ['sh', '-c', script]), pod('shell', ['sh'], { stdin: true })];

/** Makes the two pods, and waits until they run: `web` counts on its log and answers HTTP on 8080, `shell` reads its input. */
export async function createStreamPods({ flags, dir }: StreamWay): Promise<void> {
  const file = join(dir, 'pods.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }));
  const kubectl = async (...args: string[]) => {
    const { code, stderr } = await run(findProgram('kubectl'), [...flags, ...args]);
    assert.equal(code, 0, stderr);
    return true;
  };
  // A new namespace has its service account a moment later.
  await eventually('the pods are made', () => kubectl('apply', '-f', file));
  const names = pods.map(({ metadata }) => `pod/${metadata.name}`);
  await kubectl('wait', '--for=condition=Ready', '--timeout=100s', ...names);
}

/** Starts kubectl to stream over `protocol`. */
export function startKubectl(
  protocol: Protocol,
  { flags }: StreamWay,
  args: readonly string[],
): ChildProcessWithoutNullStreams {
  return spawn(findProgram('kubectl'), [...flags, ...args], { env: environment(protocol) });
}

function environment(protocol: Protocol): NodeJS.ProcessEnv {
  const webSockets = streamProtocols[protocol];
  return {
    ...process.env,
    KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets,
    KUBECTL_PORT_FORWARD_WEBSOCKETS: webSockets,
  };
}

/** Declares the tests of kubectl's streams over `protocol`. @param way known once they run */
export function testStreams(protocol: Protocol, way: () => StreamWay): void {
  const env = environment(protocol);
  const kubectl = (args: readonly string[], input?: string) =>
    run(findProgram('kubectl'), [...way().flags, ...args], {
      env,
      ...(input === undefined ? {} : { input }),
    });
  const start = (...args: string[]) => startKubectl(protocol, way(), args);

  test(`${protocol}: exec carries input, output, errors and the exit code`, async () => {
    const echoed = await kubectl(['exec', '-i', 'web', '-c', 'web', '--', 'cat'], 'hello\n');
    assert.deepEqual(echoed, { code: 0, stdout: 'hello\n', stderr: '' });
    const failed = await kubectl(['exec', 'web', '-c', 'web', '--', 'sh', '-c', 'echo wrong >&2; exit 7']);
    assert.equal(failed.code, 7);
    assert.match(failed.stderr, /^wrong\n/);
  });

  test(`${protocol}: exec -it has a terminal`, async () => {
    const command = [findProgram('kubectl'), ...way().flags, 'exec', '-it', 'web', '--', 'tty'].join(' ');
    const { stdout } = await run('script', ['-qec', command, '/dev/null'], { env });
    assert.match(stdout, /\/dev\/pts\/\d+/);
  });

  test(`${protocol}: cp brings 32 MiB there and back`, async () => {
    const [there, back] = ['sent', 'back'].map((name) => join(way().dir, name)) as [string, string];
    const sent = randomBytes(32 * 1024 * 1024);
    writeFileSync(there, sent);
    for (const args of [
      [there, 'web:/tmp/copied'],
      ['web:/tmp/copied', back],
    ]) {
      const { code, stderr } = await kubectl(['cp', ...args]);
      assert.equal(code, 0, stderr);
    }
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    assert.equal(digest(readFileSync(back)), digest(sent));
  });

  test(`${protocol}: port-forward reaches the pod, several times on one stream`, async () => {
    const port = await freePort();
    const child = start('port-forward', 'pod/web', `${port}:8080`);
    try {
      const get = () => plainGet('127.0.0.1', port);
      for (let index = 0; index < 3; index += 1)
        assert.match(await eventually('the forwarded port answers', get), /served/);
      for (const answer of await Promise.all(Array.from({ length: 4 }, get))) assert.match(answer, /served/);
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });

  test(`${protocol}: attach talks to the process that runs`, async () => {
    await answers(start('attach', '-i', 'shell'), 'echo still $((40 + 2))\n', 'still 42');
  });

  test(`${protocol}: debug attaches to an ephemeral container`, async () => {
    const name = `debug-${protocol.toLowerCase()}`;
    // By default it asks for SYS_PTRACE, which Pod Security level baseline refuses.
    const made = ['--profile=baseline', `--image=${busyboxImage}`, `--container=${name}`, '--', 'cat'];
    await answers(start('debug', 'web', '-i', ...made), 'from outside\n', 'from outside');
  });

  test(`${protocol}: logs -f follows the log`, async () => {
    await followLog([...way().flags, 'logs', '-f', 'web']);
  });
}

/** Says `line` to `child` until it answers; what is said before it reads is lost, straight to the API server too. */
async function answers(child: ChildProcessWithoutNullStreams, line: string, answer: string): Promise<void> {
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.on('error', () => undefined); // it has ended
  const ended = once(child, 'exit');
  try {
    await eventually('an answer, or its end', () => {
      child.stdin.write(line);
      return output.includes(answer) || child.exitCode !== null;
    });
    assert.ok(output.includes(answer), errors);
  } finally {
    child.kill();
    await ended;
  }
}
