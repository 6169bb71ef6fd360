import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { createServeStream } from '../../agent/serve-stream.ts';
import { createTunnelSession as createAgentSession } from '../../agent/tunnel-session.ts';
import { createLogger } from '../../adapters/logging.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { createTunnelSession, type TunnelSession } from '../../api/tunnel/tunnel-session.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { eventually } from '../support/eventually.ts';

const logger = createLogger('test', 'silent');

/** A gateway's and an agent's end of one TCP connection; `api` is what the agent takes for its API server. */
async function tunnelTo(api: Server): Promise<{ gateway: TunnelSession; end(): void }> {
  const { port } = api.address() as AddressInfo;
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const dialled = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  await once(dialled, 'connect');
  const [socket] = await accepted;
  listener.close();
  const agentApi = createHttpServer((request, response) => response.end(`agent ${request.url}`));
  const agent = createAgentSession(
    dialled,
    createServeStream(
      {
        apiServer: () => dialTcp('127.0.0.1', port),
        service: async (namespace, service) => {
          if (namespace === 'away') throw new PlatformError('cluster_unreachable', 'no pod: Größe\n…');
          throw new PlatformError('forbidden', `not ${namespace}/${service}`);
        },
        agentApi,
      },
      logger,
    ),
  );
  const gateway = createTunnelSession(socket);
  return {
    gateway,
    end() {
      gateway.close();
      agent.destroy();
    },
  };
}

async function listening(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, onSocket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('streams through a tunnel', () => {
  /** What the target did with each connection. */
  let sockets: Socket[] = [];
  let onSocket: (socket: Socket) => void = () => undefined;
  let server: Server;
  let tunnel: Awaited<ReturnType<typeof tunnelTo>>;
  before(async () => {
    server = await listening((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      onSocket(socket);
    });
    tunnel = await tunnelTo(server);
  });
  after(() => {
    tunnel.end();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const open = (authority = 'kubernetes:443') => tunnel.gateway.open(authority);

  it('carry bytes both ways, and each end on its own', async () => {
    sockets = [];
    const received: Promise<Buffer>[] = [];
    onSocket = (socket) => {
      received.push(buffer(socket));
      socket.once('end', () => socket.end('and the answer after the end'));
    };
    const stream = await open();
    stream.end('a question');
    assert.equal((await buffer(stream)).toString(), 'and the answer after the end');
    assert.equal((await received[0])?.toString(), 'a question');
  });

  it('go on one way when the target has ended the other', async () => {
    const received: Promise<Buffer>[] = [];
    onSocket = (socket) => {
      received.push(buffer(socket));
      socket.end('first');
    };
    const stream = await open();
    assert.equal((await buffer(stream)).toString(), 'first');
    stream.end('last');
    assert.equal((await received[0])?.toString(), 'last');
  });

  it('carry 64 MiB unchanged both ways at once', async () => {
    onSocket = (socket) => socket.pipe(socket);
    const stream = await open();
    const sent = Buffer.alloc(64 * 1024 * 1024);
    for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);
    stream.end(sent);
    assert.ok((await buffer(stream)).equals(sent));
  });

  it('break off at the other side when one side does', async () => {
    onSocket = (socket) => socket.write('x');
    sockets = [];
    const ended = await open();
    await once(ended, 'data');
    const [first] = sockets;
    assert.ok(first);
    ended.destroy();
    await eventually('the target hears of it', () => first.destroyed, { timeoutMs: 5_000, intervalMs: 10 });
    const reset = await open();
    await once(reset, 'data');
    reset.on('error', () => undefined);
    const closed = new Promise((resolve) => reset.once('close', resolve));
    sockets[1]?.resetAndDestroy();
    await closed;
    assert.equal((reset as Duplex & { rstCode: number }).rstCode, 0x0a, 'CONNECT_ERROR');
  });

  it('do not wait for one whose reader stalls', async () => {
    onSocket = (socket) => {
      if (sockets.length === 1) socket.pause();
      else socket.pipe(socket);
    };
    sockets = [];
    const stalled = await open();
    let accepted = 0;
    const chunk = Buffer.alloc(1024 * 1024);
    const fill = () => {
      while (accepted < 64 * chunk.length && stalled.write(chunk)) accepted += chunk.length;
    };
    stalled.on('drain', fill);
    fill();
    for (let round = 0; round < 3; round++) {
      const stream = await open();
      stream.end(chunk);
      assert.equal((await buffer(stream)).length, chunk.length);
    }
    assert.ok(accepted < 16 * chunk.length, `${accepted} bytes were taken for a reader that reads nothing`);
    stalled.destroy();
  });

  it('that the gateway breaks off by the thousand leave the tunnel as it is', async () => {
    onSocket = (socket) => socket.resume();
    for (let round = 0; round < 15; round++) {
      const streams = await Promise.all(Array.from({ length: 100 }, () => open()));
      for (const stream of streams) stream.destroy();
    }
    onSocket = (socket) => socket.end('still there');
    const last = await open();
    assert.equal((await buffer(last)).toString(), 'still there');
    last.end();
    await eventually('all are over', () => tunnel.gateway.streams === 0, { timeoutMs: 5_000 });
  });

  it('lead nowhere else', async () => {
    sockets = [];
    const refused: [authority: string, reason: RegExp, code?: string][] = [
      ['kubernetes:22', /not a target/],
      ['kubernetes.default.svc:443', /not default\/kubernetes/],
      ['127.0.0.1:443', /not a target/],
      ['localhost:443', /not a target/],
      ['demo.host.svc:80', /not a target/],
      ['demo.host.svc.cluster.local:443', /not a target/],
      ['a.b.c.svc:443', /not a target/],
      ['demo..svc:443', /not a target/],
      ['Demo.host.svc:443', /not a target/],
      ['demo.host/../x.svc:443', /did not connect/, 'cluster_unreachable'], // HTTP/2 refuses it
      [`${'a'.repeat(64)}.host.svc:443`, /not a target/],
      ['agent:443', /not a target/],
      ['demo.away.svc:443', /^no pod: Größe …$/, 'cluster_unreachable'],
    ];
    for (const [authority, message, code = 'forbidden'] of refused)
      await assert.rejects(
        open(authority),
        (error) => error instanceof PlatformError && message.test(error.message) && error.code === code,
        authority,
      );
    assert.deepEqual(sockets, []);
  });

  it('reach the API of the agent', async () => {
    const stream = await open('agent:80');
    stream.end('GET /v1/x HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n');
    assert.match((await buffer(stream)).toString(), /^HTTP\/1\.1 200 OK\r\n[^]*agent \/v1\/x$/);
  });
});
