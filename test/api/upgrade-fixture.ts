import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { eventually } from '../support/eventually.ts';
import { type RawConnection, type RawUpstream, startRawUpstream } from './raw-upstream.ts';
import type { Way } from '../support/tunnel-pair.ts';
import { annaKey, startTestGateway, type TestGateway } from './test-gateway.ts';

/** A gateway before an upstream on which a test decides what happens to requests to upgrade. */
export interface UpgradeFixture {
  readonly upstream: RawUpstream;
  readonly gateway: TestGateway;
  /** How the gateway reaches the upstream. */
  readonly dial: Way['dial'];
  /** An upgraded stream with both of its ends, through `door` if it is another gateway. */
  open(lines?: string[], options?: HeadOptions, door?: TestGateway): Promise<OpenUpgrade>;
  /** All that comes back for `bytes` until the gateway closes the connection. */
  ask(bytes: string): Promise<string>;
  /** A connection that ends with the test. */
  socket(): Promise<Socket>;
  /** Settles when the gateway carries nothing any more. */
  noStreams(): Promise<unknown>;
  /** To be called after each test. */
  reset(): void;
  close(): Promise<void>;
}

export interface OpenUpgrade {
  readonly client: Socket;
  readonly far: Socket;
  readonly connection: RawConnection;
  /** The head that the client got. */
  readonly answer: string;
}

export interface HeadOptions {
  method?: string;
  path?: string;
  /** The header with the credential. */
  key?: string;
}

export const exec = '/api/v1/namespaces/default/pods/a/exec?command=sh&stdin=true';
export const bearer = `Authorization: Bearer ${annaKey}`;
export const spdy = [
  'Connection: Upgrade',
  'Upgrade: SPDY/3.1',
  'X-Stream-Protocol-Version: v4.channel.k8s.io',
];
export const webSocket = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];

/** Head of the answer that switches. */
export function switched(protocol: string, ...lines: string[]): string {
  const first = ['HTTP/1.1 101 Switching Protocols', `Upgrade: ${protocol}`, 'Connection: Upgrade'];
  return [...first, ...lines, '', ''].join('\r\n');
}

/** Head of a request to upgrade. */
export function headText(lines: string[], options: HeadOptions = {}): string {
  const { method = 'POST', path = exec, key = bearer } = options;
  const first = [`${method} /kubernetes/management${path} HTTP/1.1`, 'Host: a', key];
  return `${[...first, ...lines].filter(Boolean).join('\r\n')}\r\n\r\n`;
}

/** Everything that comes until `pattern` has. */
export async function readUntil(socket: Socket, pattern: RegExp): Promise<string> {
  let text = '';
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) text += chunk.toString('latin1');
    if (pattern.test(text)) return text;
    if (chunk !== null) continue;
    assert.ok(!socket.destroyed && !socket.readableEnded, `closed after: ${text}`);
    await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
  }
}

/** Values of header `name` as they stood on the wire. */
export function headersOf({ head }: RawConnection, name: string): string[] {
  return head
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(/: ?(.*)/))
    .filter(([key]) => key?.toLowerCase() === name)
    .map(([, value]) => value ?? '');
}

/** Its gateway waits 0.7 s for an answer, and reaches the upstream directly unless it is said otherwise. The audit log is lost without a database. */
export async function startUpgradeFixture({
  databaseUrl,
  way,
}: {
  databaseUrl?: string;
  way?: Way;
} = {}): Promise<UpgradeFixture> {
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => way?.close());
  const dial = way?.dial ?? dialTcp;
  const upstream = await startRawUpstream();
  undo.defer(() => upstream.close());
  const gateway = await startTestGateway({
    target: upstream.target,
    dial,
    streamLimits: { answerMs: 700 },
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
  });
  undo.defer(() => gateway.close());
  const opened: Socket[] = [];
  const socket = async (door = gateway): Promise<Socket> => {
    const client = await door.socket();
    opened.push(client);
    client.on('error', () => undefined);
    return client;
  };
  const started = undo.move();
  return {
    upstream,
    gateway,
    dial,
    socket: () => socket(),
    async open(lines = spdy, options = {}, door = gateway) {
      const protocol = lines.includes('Upgrade: websocket') ? 'websocket' : 'SPDY/3.1';
      const answerText = switched(protocol, 'X-Stream-Protocol-Version: v4.channel.k8s.io');
      upstream.behave((connection) => connection.socket.write(answerText));
      const client = await socket(door);
      client.write(headText(lines, options));
      const answer = await readUntil(client, /\r\n\r\n$/);
      const connection = upstream.asked.at(-1);
      assert.ok(connection);
      return { client, far: connection.socket, connection, answer };
    },
    async ask(bytes) {
      const client = await socket();
      let text = '';
      let closed = false;
      client.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      client.on('end', () => (closed = true));
      client.write(bytes);
      await eventually('the gateway closes', () => closed, { intervalMs: 5 });
      client.destroy();
      return text;
    },
    noStreams: () => eventually('no stream is left', () => gateway.streams.size === 0),
    reset() {
      for (const connection of upstream.asked.splice(0)) connection.socket.destroy();
      for (const client of opened.splice(0)) client.destroy();
    },
    close: () => started.disposeAsync(),
  };
}
