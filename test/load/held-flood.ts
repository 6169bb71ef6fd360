import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import type { TestPlatform } from '../support/platform.ts';
import { sumMiB } from './memory.ts';
import { spread } from './statistics.ts';
import { applyInstance, endedOperation, operate } from './tenant.ts';

const sleeper = 'flooded';
const other = 'beside';
/** Handshakes at once. */
const opening = 100;
const slowBytes = 1024 * 1024;
/** A request is held for 25 s. */
const mostMs = 60_000;

/** One in ten sends its body in pieces, one in ten goes away before it is answered. */
type Way = 'plain' | 'slow' | 'aborted';
const wayOf = (index: number): Way => (index % 10 === 0 ? 'slow' : index % 10 === 5 ? 'aborted' : 'plain');

interface Sent {
  readonly way: Way;
  /** Status of the answer; `closed` without one, `aborted` by its client. */
  readonly ended: Promise<string>;
}

/**
 * A client that opens thousands of connections, each with a request to a sleeper that cannot wake because the worker hangs: how
 * many are held, what that costs the gateway, what others see of it, and that the sleeper wakes once the worker goes on.
 */
export async function benchHeldFlood(platform: TestPlatform, connections: number): Promise<void> {
  for (const name of [sleeper, other]) {
    await applyInstance(platform, name);
    await endedOperation(platform, name, 'create');
  }
  await operate(platform, sleeper, 'sleep');
  const { worker, gateway } = platform.processes();
  if (worker === undefined || gateway === undefined) throw new Error('no worker or gateway');
  const memory = () => sumMiB([gateway.pid]);
  const before = memory();
  const alone = await timesOfOthers(platform, delay(5_000));
  process.kill(worker.pid, 'SIGSTOP');
  let sent: Sent[];
  const figures = { memory: before, held: 0 };
  const watching = new AbortController();
  const watch = watchGateway(platform, memory, figures, watching.signal);
  let beside: number[];
  try {
    const flood = openFlood(platform, connections);
    beside = await timesOfOthers(
      platform,
      flood.then(({ over }) => over),
    );
    ({ sent } = await flood);
  } finally {
    watching.abort();
    await watch;
    process.kill(worker.pid, 'SIGCONT');
  }
  const ends = await Promise.all(sent.map(async ({ way, ended }) => `${way}: ${await ended}`));
  const counts = Object.entries(Object.groupBy(ends, (end) => end)).map(
    ([end, all]) => `${all?.length} ${end}`,
  );
  console.log(`held flood: ${connections} connections to one sleeper, the worker hangs`);
  console.log(`  how they ended                  ${counts.toSorted().join(', ')}`);
  console.log(`  held at most                    ${figures.held}`);
  console.log(
    `  memory of the gateway, MiB      ${before.toFixed(0)} before, ${figures.memory.toFixed(0)} at most`,
  );
  console.log(
    `  another tenant, ms              ${spread(beside)} of ${beside.length}; alone ${spread(alone)}`,
  );
  const startedAt = performance.now();
  const path = `/kubernetes/project/default/virtualcluster/${sleeper}/api/v1/namespaces/default`;
  let { status } = await platform.call('GET', path);
  while (status !== 200 && performance.now() - startedAt < mostMs) {
    await delay(1_000);
    ({ status } = await platform.call('GET', path));
  }
  console.log(
    `  awake once the worker goes on   ${status} after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
  );
  await delay(5_000);
  console.log(`  memory afterwards, MiB          ${memory().toFixed(0)}\n`);
  for (const name of [sleeper, other]) await platform.submit(name, { type: 'delete' });
}

async function watchGateway(
  platform: TestPlatform,
  memory: () => number,
  figures: { memory: number; held: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    figures.memory = Math.max(figures.memory, memory());
    const { text } = await platform.call('GET', '/metrics').catch(() => ({ text: '' }));
    const held = /^vcp_gateway_held_requests (\d+)/m.exec(text)?.[1];
    figures.held = Math.max(figures.held, Number(held ?? 0));
    await delay(500, undefined, { signal }).catch(() => undefined);
  }
}

/** Milliseconds of reads in another tenant cluster until `over`. */
async function timesOfOthers(platform: TestPlatform, over: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let isOver = false;
  void over.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const startedAt = performance.now();
    const path = `/kubernetes/project/default/virtualcluster/${other}/api/v1/namespaces/default`;
    const { status } = await platform.call('GET', path);
    if (status !== 200) throw new Error(`another tenant cluster answers ${status}`);
    times.push(performance.now() - startedAt);
    await delay(200);
  }
  return times;
}

async function openFlood(
  platform: TestPlatform,
  connections: number,
): Promise<{ sent: Sent[]; over: Promise<unknown> }> {
  const { accessKey, caFile } = platform.admin();
  const secureContext = createSecureContext({ ca: readFileSync(caFile) });
  const sent: Sent[] = [];
  const indexes = Array.from({ length: connections }, (_, index) => index).values();
  const open = async () => {
    for (const index of indexes) {
      const way = wayOf(index);
      const socket = connect({ host: '127.0.0.1', port: platform.port, secureContext });
      socket.on('error', () => undefined);
      await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')]);
      sent.push({ way, ended: sendOne(socket, way, accessKey) });
    }
  };
  await Promise.all(Array.from({ length: opening }, open));
  return { sent, over: Promise.all(sent.map(({ ended }) => ended)) };
}

async function sendOne(socket: TLSSocket, way: Way, accessKey: string): Promise<string> {
  const path = `/kubernetes/project/default/virtualcluster/${sleeper}/api/v1/namespaces/default/configmaps`;
  const lines = [
    `${way === 'slow' ? 'POST' : 'GET'} ${path} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${accessKey}`,
    ...(way === 'slow' ? ['Content-Type: application/json', `Content-Length: ${slowBytes}`] : []),
  ];
  const { promise, resolve } = Promise.withResolvers<string>();
  let head = '';
  socket.on('data', (chunk: Buffer) => {
    head += head.length < 20 ? String(chunk) : '';
    const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
    if (status !== undefined) resolve(status);
  });
  socket.once('close', () => resolve('closed'));
  if (socket.destroyed) resolve('closed');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (way === 'aborted')
    setTimeout(() => {
      resolve('aborted');
      socket.destroy();
    }, 3_000);
  const piece = Buffer.alloc(slowBytes / 100, ' ');
  const sending =
    way === 'slow' ? setInterval(() => !socket.writableNeedDrain && socket.write(piece), 1_000) : undefined;
  const timer = setTimeout(() => resolve('nothing'), mostMs);
  try {
    return await promise;
  } finally {
    clearInterval(sending);
    clearTimeout(timer);
    socket.destroy();
  }
}
