/**
 * `node gateway-load.ts <settings.json>`: makes load in a process of its own. Reads commands as JSON lines on standard
 * input and answers each with a JSON line.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';

/** A server to load, and how to be let in. */
export interface LoadTarget {
  readonly url: string;
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type LoadCommand =
  /** Requests at a steady rate, whether answers come or not; gives latencies in ms since each was due. */
  | {
      readonly kind: 'rate';
      readonly target: string;
      readonly path: string;
      readonly perSecond: number;
      readonly seconds: number;
    }
  /** So many at a time as fast as answers come; gives how many were answered. */
  | {
      readonly kind: 'saturate';
      readonly target: string;
      readonly path: string;
      readonly at: number;
      readonly seconds: number;
    }
  /** So many on a connection each, without a credential; gives how often which status came, and latencies in ms. */
  | {
      readonly kind: 'strangers';
      readonly target: string;
      readonly path: string;
      readonly count: number;
      readonly seconds: number;
    }
  /** One answer. */
  | { readonly kind: 'get'; readonly target: string; readonly path: string }
  /** Opens so many watches and keeps them until `close`. */
  | { readonly kind: 'watch'; readonly target: string; readonly path: string; readonly count: number }
  | { readonly kind: 'close' }
  /** Reads one answer to its end; gives its bytes and milliseconds. */
  | { readonly kind: 'stream'; readonly target: string; readonly path: string };

const targets = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Record<string, LoadTarget>;
const pools = new Map<string, Pool>();
const watches: TLSSocket[] = [];

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await run(JSON.parse(line) as LoadCommand)));
}

function run(command: LoadCommand): Promise<object> {
  switch (command.kind) {
    case 'rate':
      return rate(command);
    case 'saturate':
      return saturate(command);
    case 'strangers':
      return strangers(command);
    case 'get':
      return get(command);
    case 'watch':
      return watch(command);
    case 'close':
      return close();
    case 'stream':
      return stream(command);
  }
}

function targetOf(name: string): LoadTarget {
  const target = targets[name];
  if (target === undefined) throw new Error(`no target ${name}`);
  return target;
}

function poolOf(name: string): Pool {
  const { url, ca, cert, key } = targetOf(name);
  const known = pools.get(name);
  if (known !== undefined) return known;
  const client = cert === undefined || key === undefined ? {} : { cert, key };
  const pool = new Pool(url, { connections: 64, connect: { ca, ...client }, allowH2: false, bodyTimeout: 0 });
  pools.set(name, pool);
  return pool;
}

async function ask(name: string, path: string): Promise<void> {
  const { statusCode, body } = await poolOf(name).request({
    method: 'GET',
    path,
    headers: targetOf(name).headers,
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${statusCode} ${text.slice(0, 300)}`);
}

async function rate({
  target,
  path,
  perSecond,
  seconds,
}: Extract<LoadCommand, { kind: 'rate' }>): Promise<object> {
  const latencies: number[] = [];
  const open: Promise<void>[] = [];
  const startedAt = performance.now();
  const total = perSecond * seconds;
  while (open.length < total) {
    const due = Math.min(total, ((performance.now() - startedAt) / 1000) * perSecond);
    while (open.length < due) {
      const dueAt = startedAt + (open.length / perSecond) * 1000;
      open.push(ask(target, path).then(() => void latencies.push(performance.now() - dueAt)));
    }
    await delay(1);
  }
  await Promise.all(open);
  return { latencies };
}

async function saturate({
  target,
  path,
  at,
  seconds,
}: Extract<LoadCommand, { kind: 'saturate' }>): Promise<object> {
  const until = performance.now() + seconds * 1000;
  let answered = 0;
  await Promise.all(
    Array.from({ length: at }, async () => {
      while (performance.now() < until) {
        await ask(target, path);
        answered++;
      }
    }),
  );
  return { answered };
}

async function strangers({
  target,
  path,
  count,
  seconds,
}: Extract<LoadCommand, { kind: 'strangers' }>): Promise<object> {
  const { url, ca } = targetOf(target);
  const pool = new Pool(url, { connections: count, connect: { ca }, allowH2: false });
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  const until = performance.now() + seconds * 1000;
  const one = async () => {
    while (performance.now() < until) {
      const startedAt = performance.now();
      const status = await pool.request({ method: 'GET', path }).then(
        async ({ statusCode, body }) => {
          await body.dump();
          return String(statusCode);
        },
        () => 'none',
      );
      statuses[status] = (statuses[status] ?? 0) + 1;
      latencies.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: count }, one));
  await pool.destroy();
  return { statuses, latencies };
}

async function get({ target, path }: Extract<LoadCommand, { kind: 'get' }>): Promise<object> {
  const { body } = await poolOf(target).request({ method: 'GET', path, headers: targetOf(target).headers });
  return (await body.json()) as object;
}

async function watch({ target, path, count }: Extract<LoadCommand, { kind: 'watch' }>): Promise<object> {
  const { url, ca, headers } = targetOf(target);
  const { port, host } = new URL(url);
  const head = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const one = async () => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca });
    await once(socket, 'secureConnect');
    socket.write(`GET ${path} HTTP/1.1\r\n${head.join('')}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (!answer.toString('latin1').startsWith('HTTP/1.1 200')) throw new Error(answer.toString('latin1'));
    watches.push(socket);
  };
  const atOnce = 50;
  while (watches.length < count)
    await Promise.all(Array.from({ length: Math.min(atOnce, count - watches.length) }, one));
  return { open: watches.length };
}

async function close(): Promise<object> {
  for (const socket of watches.splice(0)) socket.destroy();
  return {};
}

async function stream({ target, path }: Extract<LoadCommand, { kind: 'stream' }>): Promise<object> {
  const startedAt = performance.now();
  const { body } = await poolOf(target).request({ method: 'GET', path, headers: targetOf(target).headers });
  let bytes = 0;
  for await (const chunk of body) bytes += (chunk as Buffer).length;
  return { bytes, ms: performance.now() - startedAt };
}
