import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { eventually } from '../support/eventually.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { plantedEvents } from './planted-failures.ts';
import { keyOf } from './user-calls.ts';

let fixture: ManagementFixture;
let gateway: GatewayProcess;
let pid: number;
before(async () => {
  fixture = await startManagementFixture();
  const planted = join(import.meta.dirname, 'planted-failures.ts');
  gateway = await startGatewayProcess(fixture, { under: ['env', `NODE_OPTIONS=--import=${planted}`] });
  pid = gateway.pid;
});
after(async () => {
  await gateway?.stop();
  await fixture?.stop();
});

/** What one peer sends, and how it leaves. */
interface Peer {
  readonly port: number;
  /** Absent: nothing but bytes on TCP. */
  readonly tls?: ConnectionOptions;
  readonly text: string | Buffer;
  readonly leaves: 'reset' | 'half-closed' | 'at once';
}

const ways = ['reset', 'half-closed', 'at once'] as const;
const version = '/kubernetes/management/version';
const key = `Authorization: Bearer ${keyOf('anna')}`;

function head(first: string, ...headers: string[]): string {
  return `${[`${first} HTTP/1.1`, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
}

/** Well-formed and malformed, of every way that a connection can take in one of the listeners. */
function everyPeer(): Peer[] {
  const websocket = ['Connection: Upgrade', 'Upgrade: websocket'];
  const exec = `GET ${version.replace('version', 'api/v1/namespaces/a/pods/b/exec')}`;
  const texts = [
    head(`GET ${version}`, key),
    head(`GET ${version}`, key).repeat(3),
    head(`GET ${version}`, key).slice(0, 30),
    head(`POST ${version}`, key, 'Content-Length: 1000000', 'Content-Type: application/json') + '{"a":',
    head(`POST ${version}`, key, 'Transfer-Encoding: chunked') + 'zz\r\n',
    head(`GET ${version}`, key, 'Expect: 100-continue'),
    head(`GET ${version}`, key, 'Expect: what nobody knows'),
    head(exec, key, ...websocket),
    head(exec, key, ...websocket, 'Sec-WebSocket-Key: short', 'Sec-WebSocket-Version: 99'),
    head(exec, key, 'Connection: Upgrade', 'Upgrade: h2c, websocket'),
    head(exec, key, ...websocket, 'Content-Length: 5') + 'hello',
    head(exec, key, ...websocket) + 'x'.repeat(200_000),
    head(exec, ...websocket, `Sec-WebSocket-Protocol: ${'%'.repeat(5_000)}`),
    head('GET http://[::1', ...websocket),
    head('CONNECT kubernetes.local.connected:443'),
    head('CONNECT kubernetes.local.connected:443', 'Proxy-Authorization: Basic !!!') + 'x'.repeat(70_000),
    head('CONNECT :'),
    'GARBAGE\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: ${'h'.repeat(20_000)}\r\n\r\n`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ];
  const ca = readFileSync(fixture.caFile);
  const { gateway: main, connect, metrics } = gateway.ports;
  const whole = texts.flatMap((text) =>
    ways.flatMap((leaves) => [
      { port: main, tls: { ca }, text, leaves },
      ...[connect, metrics].map((port) => ({ port, text, leaves })),
    ]),
  );
  // What never becomes TLS: none at all, a record that breaks off, a hello with an alert behind it.
  const hello = Buffer.from('16030100c8010000c40303', 'hex');
  const records = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    hello,
    Buffer.concat([hello, randomBytes(193)]),
    Buffer.concat([hello, Buffer.from('15030100020228', 'hex')]),
    Buffer.alloc(0),
  ];
  const halves = records.flatMap((text) => ways.map((leaves): Peer => ({ port: main, text, leaves })));
  const unwilling: ConnectionOptions[] = [
    { ALPNProtocols: ['h2'] },
    { ALPNProtocols: ['nobody speaks this'] },
    { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    { ca: [] }, // leaves with an alert: it trusts nobody
    { servername: `${'a'.repeat(60)}.example` },
  ];
  const refused = unwilling.map(
    (tls): Peer => ({
      port: main,
      tls: { ca, ...tls },
      text: head(`GET ${version}`, key),
      leaves: 'half-closed',
    }),
  );
  return [...whole, ...halves, ...refused];
}

async function visit({ port, tls, text, leaves }: Peer, stayMs: number): Promise<void> {
  const raw = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
  raw.on('error', () => undefined);
  const socket: Socket =
    tls === undefined ? raw : connectTls({ socket: raw, servername: 'localhost', ...tls });
  socket.on('error', () => undefined);
  socket.resume();
  const closed = new Promise((resolve) => raw.once('close', resolve));
  socket.write(text);
  if (leaves === 'half-closed') socket.end();
  // What is left of the answer is cut.
  await Promise.race([closed, delay(leaves === 'at once' ? 0 : stayMs)]);
  if (leaves === 'reset') raw.resetAndDestroy();
  socket.destroy();
  raw.destroy();
}

/** @param stayMs for a handshake and half an answer, if the machine is not loaded */
async function visitAll(peers: readonly Peer[], stayMs = 60): Promise<void> {
  const left = [...peers];
  const one = async () => {
    for (let peer = left.pop(); peer !== undefined; peer = left.pop()) await visit(peer, stayMs);
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

const uncaught = async () =>
  Object.fromEntries(
    await Promise.all(
      ['stream', 'request', 'process'].map(async (kind) => [
        kind,
        await gateway.metric(`vcp_gateway_uncaught_failures_total{kind="${kind}"}`),
      ]),
    ),
  ) as Record<string, number>;

async function assertServes(): Promise<void> {
  await eventually('it serves', async () => (await gateway.call('anna', 'GET', version)).status === 200);
  assert.equal(gateway.pid, pid);
}

it('what peers do to a connection fails nothing here', { timeout: 120_000 }, async (context) => {
  const peers = everyPeer();
  await visitAll(peers);
  await assertServes();
  assert.deepEqual(await uncaught(), { stream: 0, request: 0, process: 0 }, gateway.log());
  context.diagnostic(`${peers.length} connections`);
});

it('a listener that fails at any event of a connection ends that connection', {
  timeout: 300_000,
}, async () => {
  const peers = everyPeer();
  for (const planted of [...plantedEvents, 'nothing']) {
    process.kill(pid, 'SIGWINCH');
    await eventually(`the failures are planted in ${planted}`, () =>
      gateway.log().includes(`planted: ${planted}\n`),
    );
    let stayMs = 30;
    await eventually(`one failed in ${planted}`, async () => {
      await visitAll(peers, (stayMs *= 2));
      return planted === 'nothing' || gateway.log().includes(`failed in: ${planted}\n`);
    });
    assert.equal(gateway.isRunning(), true, `${planted}: ${gateway.log()}`);
  }
  await assertServes();
  const { process: ofProcess, request = 0 } = await uncaught();
  assert.equal(ofProcess, 0);
  assert.ok(request >= plantedEvents.length, String(request));
});
