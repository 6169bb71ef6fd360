import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { eventually } from '../support/eventually.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { keyOf } from './user-calls.ts';

const times = {
  handshakeSeconds: 4,
  headersSeconds: 4,
  requestSeconds: 8,
  keepAliveSeconds: 4,
  stallSeconds: 5,
};

let fixture: ManagementFixture;
let gateway: GatewayProcess;
before(async () => {
  fixture = await startManagementFixture();
  gateway = await startGatewayProcess(fixture, { config: { connections: times } });
  // An answer that is larger than what goes on its way unread.
  for (let index = 0; index < 10; index++)
    await fixture.admin.core.createNamespacedConfigMap({
      namespace: 'p-alpha',
      body: { metadata: { name: `large-${index}` }, data: { text: 'x'.repeat(900_000) } },
    });
});
after(async () => {
  await gateway?.stop();
  await fixture?.stop();
});

const sockets = new Set<Socket>();

/** Either way; `once` of node:events would throw at a reset. */
function settled(socket: Socket, event: 'secureConnect'): Promise<void> {
  return new Promise((resolve) => {
    socket.once(event, resolve);
    socket.once('close', resolve);
  });
}

async function plain(): Promise<Socket> {
  const socket = connect(gateway.port, '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.add(socket);
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

async function encrypted(): Promise<Socket> {
  const socket = connectTls({ host: '127.0.0.1', port: gateway.port, ca: readFileSync(fixture.caFile) });
  socket.on('error', () => undefined);
  sockets.add(socket);
  await settled(socket, 'secureConnect');
  assert.ok(!socket.destroyed, 'it was let in');
  return socket;
}

const head = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: localhost', ...headers].join('\r\n');
const bearer = `Authorization: Bearer ${keyOf('anna')}`;
const large = '/kubernetes/management/api/v1/namespaces/p-alpha/configmaps';

/** A byte now and then, for as long as the connection lasts. */
function trickle(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(text[at++ % text.length] ?? 'x');
  }, 500);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}

/** Ways to hold a connection without asking for anything sensible. */
const ways: Record<string, { count: number; open: () => Promise<Socket> }> = {
  'TCP and no TLS': { count: 200, open: plain },
  'half a handshake': {
    count: 100,
    open: async () => {
      const socket = await plain();
      socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
      return socket;
    },
  },
  'TLS and no request': { count: 150, open: encrypted },
  'a head that never ends': {
    count: 150,
    open: async () => {
      const socket = await encrypted();
      socket.write(`${head('GET /healthz')}\r\nX-Slow: `);
      trickle(socket, 'abc');
      return socket;
    },
  },
  'a body that never ends': {
    count: 100,
    open: async () => {
      const socket = await encrypted();
      const length = 'Content-Length: 100000';
      socket.write(
        `${head('POST /auth/session', 'Content-Type: application/json', length)}\r\n\r\n{"username":"`,
      );
      trickle(socket, 'a');
      return socket;
    },
  },
  'a body towards a cluster that never ends': {
    count: 50,
    open: async () => {
      const socket = await encrypted();
      const type = 'Content-Type: application/json';
      socket.write(`${head(`POST ${large}`, bearer, type, 'Content-Length: 100000')}\r\n\r\n{"metadata":`);
      trickle(socket, ' ');
      return socket;
    },
  },
  'an answer that nobody reads': {
    count: 50,
    open: async () => {
      const socket = await encrypted();
      socket.pause();
      socket.write(`${head(`GET ${large}`, bearer)}\r\n\r\n`);
      return socket;
    },
  },
  'nothing more after a request': {
    count: 150,
    open: async () => {
      const socket = await encrypted();
      socket.write(`${head('GET /healthz')}\r\n\r\n`);
      socket.resume();
      return socket;
    },
  },
  'an upgrade and nothing more': {
    count: 50,
    open: async () => {
      const socket = await encrypted();
      const upgrade = [
        'Connection: Upgrade',
        'Upgrade: SPDY/3.1',
        'X-Stream-Protocol-Version: v4.channel.k8s.io',
      ];
      const path = '/kubernetes/management/api/v1/namespaces/default/pods/none/exec?command=sh';
      socket.write(`${head(`POST ${path}`, bearer, ...upgrade)}\r\n\r\n`);
      return socket;
    },
  },
};

async function goodOnes(count: number): Promise<number[]> {
  const all: number[] = [];
  for (let index = 0; index < count; index++) {
    const startedAt = performance.now();
    const answer = await gateway.call('anna', 'GET', '/kubernetes/management/version');
    assert.equal(answer.status, 200, answer.text);
    all.push(performance.now() - startedAt);
  }
  return all.toSorted((a, b) => a - b);
}

const middle = (sorted: number[]) => (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(1);
const last = (sorted: number[]) => (sorted.at(-1) ?? 0).toFixed(1);

describe('1,000 slow clients', { timeout: 300_000 }, () => {
  it('are disconnected at their time limit; others are served, and nothing leaks', async (context) => {
    const calm = await goodOnes(50);
    const files = gateway.openFiles();
    const memory = gateway.memory();
    let mostFiles = 0; // the first may be ended before the last are open
    for (const { count, open } of Object.values(ways)) {
      for (let done = 0; done < count; done += 50) {
        await Promise.all(Array.from({ length: Math.min(50, count - done) }, open));
        mostFiles = Math.max(mostFiles, gateway.openFiles());
      }
    }
    const opened = sockets.size;
    assert.equal(opened, 1_000);
    const meanwhile = await goodOnes(50);
    await eventually(
      'every one of them is ended by the gateway',
      async () => {
        await goodOnes(1);
        return gateway.openFiles() <= files + 10;
      },
      { timeoutMs: 90_000, intervalMs: 500 },
    );
    assert.ok(mostFiles > files + 300, 'they were open at the same time');
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    assert.ok(gateway.memory() < memory + 250, `${memory} MiB before, ${gateway.memory()} after`);
    context.diagnostic(
      `${opened} connections, ${mostFiles} descriptors (${files} before, ${gateway.openFiles()} after); good requests ` +
        `p50 ${middle(calm)} → ${middle(meanwhile)} ms, slowest ${last(calm)} → ${last(meanwhile)} ms; memory ` +
        `${memory.toFixed(0)} → ${gateway.memory().toFixed(0)} MiB`,
    );
  });
});

describe('connections over the limit', { timeout: 120_000 }, () => {
  it('are refused; idle ones are closed first, and room is used again', async () => {
    const small = await startGatewayProcess(fixture, { config: { connections: { max: 20 } } });
    const open = async () => {
      const socket = connectTls({ host: '127.0.0.1', port: small.port, ca: readFileSync(fixture.caFile) });
      socket.on('error', () => undefined);
      await settled(socket, 'secureConnect');
      return socket;
    };
    try {
      const all: Socket[] = [];
      for (let index = 0; index < 30; index++) all.push(await open());
      for (const socket of all) socket.resume();
      const counted = async () => (await small.metric('vcp_gateway_connections_refused_total')) === 10;
      await eventually('those beyond the limit are refused', counted);
      assert.equal(await small.metric('vcp_gateway_connections'), 20);
      for (const socket of all) socket.destroy();
      await eventually('there is room again', async () => {
        const answer = await small.call('anna', 'GET', '/kubernetes/management/version');
        return answer.status === 200;
      });
      await eventually(
        'and the rest is gone',
        async () => (await small.metric('vcp_gateway_connections')) <= 1,
      );
      // Idle ones make room.
      const idle: Socket[] = [];
      for (let index = 0; index < 19; index++) {
        const socket = await open();
        socket.resume();
        socket.write(`${head('GET /healthz')}\r\n\r\n`);
        idle.push(socket);
      }
      await delay(500);
      const late = [];
      for (let index = 0; index < 5; index++) late.push(await open());
      await delay(500);
      assert.ok(late.every(({ destroyed }) => !destroyed));
      await eventually('idle ones were closed for it', () => idle.every(({ closed }) => closed));
    } finally {
      await small.stop();
    }
  });
});
