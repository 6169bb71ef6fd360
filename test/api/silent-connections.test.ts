import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { createReadinessGate } from '../../api/upstreams/readiness-gate.ts';
import { createUpstream, type Upstream, type UpstreamTarget } from '../../api/upstreams/upstream.ts';
import { eventually } from '../support/eventually.ts';
import { createUpstreamIdentity } from './upstream-identity.ts';

/** Longer than the gateway waits before it doubts (5 s). */
const slowMs = 6_500;
/** undici gives a connection out again a moment after its answer. */
const givenOutMs = 100;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly socket: Socket;
}

let server: Server;
let target: UpstreamTarget;
let upstream: Upstream;
let asked: Asked[];
/** Connections on which no answer goes back any more, although requests on them arrive. */
let silent: Set<Socket>;
let answer: (request: IncomingMessage, response: ServerResponse, nth: number) => void;

let identity: Awaited<ReturnType<typeof createUpstreamIdentity>>;

before(async () => {
  identity = await createUpstreamIdentity('silent');
});
// A server for each test: a request that one test has just given up would be counted by the next.
beforeEach(async () => {
  server = createServer({ ...identity.serving, requestCert: true }, (request, response) => {
    const { method = '', url: path = '', socket } = request;
    if (path.startsWith('/readyz')) {
      response.end('ok');
      return;
    }
    asked.push({ method, path, socket });
    if (!silent.has(socket)) answer(request, response, asked.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target = identity.targetOf(server);
  upstream = createUpstream(target, () => dialTcp(target.host, target.port));
  asked = [];
  silent = new Set();
  answer = (_request, response, nth) => response.end(String(nth));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await upstream.close();
});

async function send(method: 'GET' | 'POST', path: string, signal?: AbortSignal): Promise<string> {
  const body = method === 'POST' ? '{}' : null;
  const answered = await upstream.dispatcher.request({ method, path, body, ...(signal ? { signal } : {}) });
  return answered.body.text();
}

/** `count` kept connections, all of which go silent. */
async function goSilent(count: number): Promise<void> {
  const held: (() => void)[] = [];
  answer = (_request, response) => held.push(() => response.end());
  const sent = Array.from({ length: count }, () => send('GET', '/version'));
  await eventually('each has its connection', () => held.length === count);
  for (const release of held) release();
  await Promise.all(sent);
  await delay(givenOutMs);
  silent = new Set(asked.map(({ socket }) => socket));
  assert.equal(silent.size, count);
  asked = [];
  answer = (_request, response, nth) => response.end(String(nth));
}

describe('kept connections that went silent', { timeout: 120_000 }, () => {
  it('plain reads are sent once more elsewhere, and nobody gets such a connection after that', async () => {
    await goSilent(20);
    const reads = Array.from({ length: 12 }, () => send('GET', '/api/v1/namespaces?limit=5'));
    await Promise.all(reads);
    const answered = asked.filter(({ socket }) => !silent.has(socket));
    assert.equal(answered.length, 12);
    assert.equal(asked.length, 24, 'each was sent twice');
    asked = [];
    for (const method of ['POST', 'GET', 'POST', 'GET'] as const) await send(method, '/api/v1/namespaces');
    assert.ok(asked.every(({ socket }) => !silent.has(socket)));
    await eventually('what was idle among them is closed', () => [...silent].every((one) => one.destroyed));
  });

  it('watches and logs never begin on one', async () => {
    await goSilent(3);
    for (const path of [
      '/api/v1/pods?watch=true',
      '/api/v1/namespaces/a/pods/b/log?follow=true',
      '/api/v1/watch/pods',
    ])
      await send('GET', path);
    assert.equal(asked.length, 3);
    assert.equal(new Set(asked.map(({ socket }) => socket)).size, 3);
    assert.ok(asked.every(({ socket }) => !silent.has(socket)));
  });

  it('what may do something is sent once, and goes on waiting', async () => {
    await goSilent(3);
    const ended = new AbortController();
    const waiting = [
      send('POST', '/api/v1/namespaces', ended.signal),
      send('GET', '/api/v1/namespaces/a/services/b/proxy/act', ended.signal),
    ];
    let settled = 0;
    for (const one of waiting) one.catch(() => undefined).finally(() => settled++);
    await delay(slowMs);
    assert.equal(settled, 0);
    assert.equal(asked.length, 2);
    ended.abort();
    for (const one of waiting) await assert.rejects(one, { name: 'AbortError' });
  });
});

describe('an API server that takes its time', { timeout: 120_000 }, () => {
  it('gives its answer: the first one that comes, and the other attempt ends', async () => {
    const aborted: string[] = [];
    answer = (request, response, nth) => {
      response.once('close', () => response.writableFinished || aborted.push(request.url ?? ''));
      setTimeout(() => response.end(String(nth)), slowMs);
    };
    assert.equal(await send('GET', '/api/v1/secrets'), '1');
    await eventually('the second attempt was ended', () => aborted.length === 1);
    assert.equal(asked.length, 2);
    // Its connection is as good as it was.
    const [first] = asked;
    await delay(givenOutMs);
    answer = (_request, response) => response.end('at once');
    assert.equal(await send('POST', '/api/v1/secrets'), 'at once');
    assert.ok(asked.at(-1)?.socket === first?.socket);
  });

  it('is asked no more than 8 questions twice at once', async () => {
    let [open, most] = [0, 0];
    answer = (_request, response, nth) => {
      most = Math.max(most, ++open);
      response.once('close', () => open--);
      setTimeout(() => response.end(String(nth)), slowMs + 1_000);
    };
    const reads = Array.from({ length: 20 }, () => send('GET', '/api/v1/secrets'));
    await Promise.all(reads);
    assert.equal(most, 28);
  });

  it('gives a whole answer that came in time although another attempt broke off', async () => {
    answer = (request, response, nth) => {
      if (nth === 1) setTimeout(() => response.end('whole'), slowMs);
      else request.socket.destroy();
    };
    const read = () => send('GET', '/api/v1/secrets');
    // On a busy machine a connection broke now and then before the server had heard anything: the proxy sends such a read again.
    const whole = await read().catch((error: unknown) => {
      if (asked.length > 0) throw new Error(`broke off after ${asked.length} attempts`, { cause: error });
      return read();
    });
    assert.equal(whole, 'whole');
    assert.equal(asked.length, 2);
  });

  it('whose first connection breaks meanwhile is heard on the second', async () => {
    answer = (request, response, nth) => {
      if (nth === 2) {
        setTimeout(() => response.end('whole'), 500);
        asked[0]?.socket.destroy();
      } else if (nth !== 1) request.socket.destroy();
    };
    assert.equal(await send('GET', '/api/v1/secrets'), 'whole');
  });

  it('hears no more of who went away, on neither connection', async () => {
    const ended = new AbortController();
    let open = 0;
    answer = (_request, response, nth) => {
      open++;
      response.once('close', () => open--);
      if (nth === 2) ended.abort();
    };
    await assert.rejects(send('GET', '/api/v1/secrets', ended.signal), { name: 'AbortError' });
    await eventually('both are closed', () => open === 0);
    assert.equal(asked.length, 2);
  });
});

describe('a burst of requests', { timeout: 60_000 }, () => {
  const count = 40;

  it('makes a few connections at a time, and as many as are needed if none gets free', async () => {
    let [begun, done, most] = [0, 0, 0];
    server.on('connection', () => (most = Math.max(most, ++begun - done)));
    server.on('secureConnection', () => done++);
    const held: (() => void)[] = [];
    answer = (_request, response, nth) => held.push(() => response.end(String(nth)));
    const sent = Array.from({ length: count }, () => send('GET', '/version'));
    await eventually('each has reached the server, though none was answered', () => held.length === count);
    assert.ok(most <= 5, `${most} handshakes at once: 4, and that of the question whether it is ready`);
    for (const release of held) release();
    assert.equal(new Set(await Promise.all(sent)).size, count);
  });

  it('fails as a whole if the API server cannot be reached', async () => {
    server.closeAllConnections();
    server.close();
    const sent = await Promise.allSettled(Array.from({ length: count }, () => send('GET', '/version')));
    assert.ok(sent.every(({ status }) => status === 'rejected'));
  });

  it('ends with its upstream', async () => {
    answer = () => undefined;
    const sent = Array.from({ length: count }, () => send('GET', '/version'));
    const settled = Promise.allSettled(sent);
    await upstream.close();
    assert.ok((await settled).every(({ status }) => status === 'rejected'));
  });
});

describe('the question whether an API server is ready', { timeout: 30_000 }, () => {
  it('fails on a connection that is gone already, of which http hears nothing', async () => {
    const pass = createReadinessGate(
      async () => {
        const socket = await dialTcp(target.host, target.port);
        socket.destroy();
        await once(socket, 'close');
        return socket;
      },
      { host: target.host, token: undefined },
    );
    await assert.rejects(pass(), /no answer to \/readyz within 3 s/);
  });
});
