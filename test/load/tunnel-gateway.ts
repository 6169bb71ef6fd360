/**
 * `node tunnel-gateway.ts <settings.json>`: the gateway's end of the bench's tunnel, by the gateway's own code, and what uses it, in one
 * process as in a gateway. Prints its port, then `tunnel`; takes a command from each line of its input and prints the result.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { createTunnelSession, type TunnelSession } from '../../api/tunnel/tunnel-session.ts';
import { createUpstream, type UpstreamTarget } from '../../api/upstreams/upstream.ts';
import { tunnelHeaders, tunnelProtocol, tunnelTarget } from '../../contracts/agents.ts';

/** Certificates and keys in PEM. */
export interface TunnelGatewaySettings {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  readonly tlsPort: number;
  readonly tcpPort: number;
}

/** To the backend: over bare TCP, with TLS as the gateway dials directly, and with TLS inside a stream of the tunnel. */
export type Way = 'tcp' | 'direct' | 'tunnel';

export type TunnelCommand =
  | {
      readonly kind: 'bytes';
      readonly way: Way;
      readonly direction: 'down' | 'up';
      readonly streams: number;
      readonly bytes: number;
    }
  | { readonly kind: 'ping'; readonly way: Way; readonly count: number }
  /** Opens connections through the tunnel that stay. */
  | { readonly kind: 'open'; readonly count: number }
  /** One byte there and back on one of those after the other. */
  | { readonly kind: 'rate'; readonly perSecond: number; readonly seconds: number }
  /** Opens connections through the tunnel on which more comes than is ever read. */
  | { readonly kind: 'stall'; readonly count: number }
  | { readonly kind: 'unstall' };

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as TunnelGatewaySettings;
const server = createServer({ cert: settings.certificate, key: settings.key, noDelay: true });
await once(server.listen(0, '127.0.0.1'), 'listening');
console.log((server.address() as AddressInfo).port);
/** The agent opens another one, which nothing goes through. */
const tunnel = await new Promise<TunnelSession>((resolve) => {
  server.on('upgrade', ({ headers }, socket: Socket) => {
    const head = `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${tunnelProtocol}\r\n\r\n`;
    socket.write(head, () => {
      const session = createTunnelSession(socket);
      if (headers[tunnelHeaders.slot] === '0') resolve(session);
    });
  });
});

const target: UpstreamTarget = {
  host: '127.0.0.1',
  port: settings.tlsPort,
  ca: settings.ca,
  servername: 'localhost',
};
const dialBackend = () => dialTcp('127.0.0.1', settings.tlsPort);
const ways: Readonly<Record<Way, { connect(): Promise<Socket> }>> = {
  tcp: { connect: () => dialTcp('127.0.0.1', settings.tcpPort) },
  direct: createUpstream(target, dialBackend),
  tunnel: createUpstream(target, () => tunnel.open(tunnelTarget.apiServer)),
};
const block = Buffer.alloc(64 * 1024, 'what a client sends\n');
const byte = Buffer.from('x');

async function open(way: Way, what: string): Promise<Socket> {
  const connection = await ways[way].connect();
  connection.on('error', () => connection.destroy());
  connection.write(`${what}\n`);
  return connection;
}

async function download(way: Way, bytes: number): Promise<void> {
  const connection = await open(way, `source ${bytes}`);
  let received = 0;
  connection.on('data', (chunk: Buffer) => (received += chunk.length));
  await once(connection, 'end');
  connection.destroy();
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes came`);
}

async function upload(way: Way, bytes: number): Promise<void> {
  const connection = await open(way, `sink ${bytes}`);
  const received = once(connection, 'data');
  for (let left = bytes; left > 0; left -= block.length) {
    const chunk = left < block.length ? block.subarray(0, left) : block;
    if (!connection.write(chunk)) await once(connection, 'drain');
  }
  await received;
  connection.destroy();
}

async function ping(way: Way, count: number): Promise<number[]> {
  const connection = await open(way, 'echo');
  const latencies: number[] = [];
  for (let sent = 0; sent < count; sent++) {
    const at = performance.now();
    connection.write(byte);
    await once(connection, 'data');
    latencies.push(performance.now() - at);
  }
  connection.destroy();
  return latencies;
}

interface Kept {
  readonly connection: Socket;
  sentAt: number;
}
const kept: Kept[] = [];
const stalled: Socket[] = [];
let latencies: number[] = [];
const atOnce = 50;

async function keepOpen(count: number): Promise<void> {
  while (kept.length < count) {
    const connections = await Promise.all(Array.from({ length: atOnce }, () => open('tunnel', 'echo')));
    for (const connection of connections) {
      const one: Kept = { connection, sentAt: 0 };
      connection.on('data', () => {
        if (one.sentAt > 0) latencies.push(performance.now() - one.sentAt);
        one.sentAt = 0;
      });
      kept.push(one);
    }
  }
}

async function pingAtRate(perSecond: number, seconds: number): Promise<number[]> {
  latencies = [];
  const startedAt = performance.now();
  for (let sent = 0; sent < perSecond * seconds; ) {
    const due = Math.min(perSecond * seconds, ((performance.now() - startedAt) / 1000) * perSecond);
    for (; sent < due; sent++) {
      const one = kept[(sent * 7919) % kept.length]; // a prime: all of them, none after its neighbour
      if (one === undefined || one.sentAt > 0) continue;
      one.sentAt = performance.now();
      one.connection.write(byte);
    }
    await delay(1);
  }
  await delay(500);
  return latencies;
}

async function stall(count: number): Promise<void> {
  for (let opened = 0; opened < count; opened++) {
    const connection = await open('tunnel', `source ${1024 ** 4}`);
    connection.pause();
    stalled.push(connection);
  }
}

async function execute(command: TunnelCommand): Promise<object> {
  switch (command.kind) {
    case 'bytes': {
      const { way, direction, streams, bytes } = command;
      const move = direction === 'down' ? download : upload;
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: streams }, () => move(way, bytes / streams)));
      return { ms: performance.now() - startedAt };
    }
    case 'ping':
      return { latencies: await ping(command.way, command.count) };
    case 'open':
      await keepOpen(command.count);
      return {};
    case 'rate':
      return { latencies: await pingAtRate(command.perSecond, command.seconds) };
    case 'stall':
      await stall(command.count);
      return {};
    case 'unstall':
      for (const connection of stalled.splice(0)) connection.destroy();
      return {};
  }
}

console.log('tunnel');
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await execute(JSON.parse(line) as TunnelCommand)));
process.exit(0);
