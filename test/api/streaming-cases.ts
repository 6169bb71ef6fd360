import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { PlatformError } from '../../contracts/errors.ts';
import { eventually } from '../support/eventually.ts';
import { type Way, type WayName, ways } from '../support/tunnel-pair.ts';
import { annaKey, hashOf, startTestGateway, type TestGateway } from './test-gateway.ts';
import { createUpstreamIdentity } from './upstream-identity.ts';

/** Streams of an upstream. @param by how the gateway reaches it */
export function streaming(by: WayName): void {
  /** What the upstream does with the next requests, by path. */
  const behaviours: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {};
  let way: Way;
  let upstream: Server;
  let gateway: TestGateway;

  before(async () => {
    way = await ways[by]();
    const { serving, targetOf } = await createUpstreamIdentity('upstream');
    upstream = createServer(serving, (request, response) => {
      const path = request.url?.split('?', 1)[0] ?? '';
      if (path === '/readyz') response.end('ok');
      else behaviours[path]?.(request, response);
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    gateway = await startTestGateway({ target: targetOf(upstream), dial: way.dial });
  });
  after(async () => {
    await gateway?.close();
    await way?.close();
    upstream?.closeAllConnections();
    upstream?.close();
  });

  const requestText = (path: string, method = 'GET', ...lines: string[]) =>
    [
      `${method} /kubernetes/management${path} HTTP/1.1`,
      'Host: a',
      `Authorization: Bearer ${annaKey}`,
      ...lines,
      '',
      '',
    ].join('\r\n');

  describe(`streams, ${by}`, () => {
    it('a slow reader slows the upstream down and does not fill the gateway’s memory', async () => {
      const chunk = Buffer.alloc(64 * 1024, 'x');
      const total = 128 * 1024 * 1024;
      let written = 0;
      behaviours['/large'] = (_request, response) => {
        response.writeHead(200);
        const write = () => {
          while (written < total) {
            written += chunk.length;
            if (!response.write(chunk)) return void response.once('drain', write);
          }
          response.end();
        };
        write();
      };
      const socket = await gateway.socket();
      socket.pause();
      socket.write(requestText('/large'));
      let before = -1;
      await eventually(
        'the upstream stands still',
        () => {
          const still = written > 0 && written === before;
          before = written;
          return still;
        },
        { intervalMs: 300 },
      );
      assert.ok(written < 24 * 1024 * 1024, `${written} bytes were taken from the upstream`);
      let read = 0;
      socket.on('data', (data: Buffer) => (read += data.length));
      socket.resume();
      await eventually('all of it arrives', () => read > total);
      socket.destroy();
    });

    it('a client that disconnects ends the request upstream', async () => {
      let closed = false;
      behaviours['/watch'] = (_request, response) => {
        response.writeHead(200).write('first\n');
        response.once('close', () => (closed = true));
      };
      const socket = await gateway.socket();
      socket.write(requestText('/watch'));
      await once(socket, 'data');
      socket.destroy();
      await eventually('the upstream hears of it', () => closed, { intervalMs: 10 });
      assert.equal(gateway.streams.size, 0);
    });

    it('rechecks of an open stream do not count as authentications and do not extend a sliding key', async () => {
      behaviours['/held'] = (_request, response) => response.writeHead(200).write('first\n');
      behaviours['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'] = (_request, response) =>
        response.writeHead(201, { 'content-type': 'application/json' }).end('{"status":{"allowed":true}}');
      const now = new Date().toISOString();
      gateway.objects.accessKeys.push({
        metadata: { name: 'sliding', creationTimestamp: now },
        spec: { user: 'anna', keyHash: hashOf('sliding-key'), ttl: 5, ttlAfterLastActivity: true },
        status: { lastActivity: now },
      });
      const authentications = async () => {
        const { text } = await gateway.call('GET', '/metrics');
        return Number(/^vcp_gateway_authentications_total\{outcome="success"\} (\d+)$/m.exec(text)?.[1]);
      };
      const socket = await gateway.socket();
      socket.write(requestText('/held').replace(annaKey, 'sliding-key'));
      await once(socket, 'data');
      const [stream] = gateway.streams.list();
      assert.ok(stream);
      const before = await authentications();
      await stream.recheck.run();
      assert.equal(await authentications(), before + 1); // which asked for the figures
      const refused = () =>
        stream.recheck.run().then(
          () => undefined,
          (error: unknown) => error as { code?: string },
        );
      const failure = await eventually('the key expires however often it is asked', refused);
      assert.equal(failure.code, 'unauthenticated');
      socket.destroy();
    });

    it('who loses their rights while they wait for an answer is told so; an answer that has begun is cut off', async () => {
      for (const path of ['/waits', '/apis/a/v1/waits']) behaviours[path] = () => undefined; // never answers
      behaviours['/begun'] = (_request, response) => response.writeHead(200).write('first\n');
      const upgrade = ['Connection: Upgrade', 'Upgrade: SPDY/3.1'];
      const watch = requestText('/apis/a/v1/waits?watch=true');
      for (const text of [
        requestText('/waits'),
        watch,
        requestText('/waits', 'GET', ...upgrade),
        requestText('/begun'),
      ]) {
        const socket = await gateway.socket();
        let answer = '';
        socket.on('data', (data: Buffer) => (answer += data.toString()));
        const closed = once(socket, 'end');
        socket.write(text);
        const stream = await eventually('it is carried', () => gateway.streams.list()[0]);
        const hasBegun = text.includes('/begun');
        if (hasBegun) await eventually('its answer begins', () => answer.includes('first'));
        else await delay(50); // until the upstream has it
        stream.abort(new PlatformError('forbidden', 'you may not do this any more'));
        if (hasBegun) {
          await closed;
          assert.doesNotMatch(answer, /\r\n0\r\n/);
        } else {
          await eventually('it is told', () => answer.includes('you may not do this any more'));
          assert.match(answer, /^HTTP\/1\.1 403 /);
        }
        socket.destroy();
        await eventually('it is over', () => gateway.streams.size === 0);
      }
    });

    it('a response aborted by the upstream does not look complete', async () => {
      behaviours['/broken'] = (_request, response) => {
        response.writeHead(200).write('first\n');
        setTimeout(() => response.destroy(), 50);
      };
      const answer = await gateway.raw(requestText('/broken'));
      assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*first/);
      assert.doesNotMatch(answer, /\r\n0\r\n\r\n$/);
    });

    it('compressed responses are forwarded unchanged', async () => {
      const body = gzipSync('{"kind":"List"}');
      behaviours['/gzip'] = (request, response) => {
        assert.equal(request.headers['accept-encoding'], 'gzip');
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' }).end(body);
      };
      const answer = Buffer.from(
        await gateway.raw(requestText('/gzip', 'GET', 'Accept-Encoding: gzip', 'Connection: close')),
        'latin1',
      );
      assert.match(answer.toString('latin1'), /content-encoding: gzip/i);
      const start = answer.indexOf(body.subarray(0, 10));
      assert.equal(gunzipSync(answer.subarray(start, start + body.length)).toString(), '{"kind":"List"}');
    });

    it('request bodies are streamed', async () => {
      const { promise: firstChunk, resolve } = Promise.withResolvers<string>();
      behaviours['/upload'] = (request, response) => {
        let text = '';
        request.on('data', (data: Buffer) => {
          text += data.toString();
          resolve(text);
        });
        request.on('end', () => response.end(text));
      };
      const socket = await gateway.socket();
      socket.write(
        `${requestText('/upload', 'POST', 'Content-Type: text/plain', 'Transfer-Encoding: chunked')}5\r\nfirst\r\n`,
      );
      assert.equal(await firstChunk, 'first');
      socket.write('6\r\nsecond\r\n0\r\n\r\n');
      const [data] = (await once(socket, 'data')) as [Buffer];
      assert.match(data.toString(), /firstsecond|HTTP\/1\.1 200/);
      socket.destroy();
    });

    it('redirects stay below their path and do not lead to another host', async () => {
      behaviours['/redirect'] = (_request, response) =>
        response.writeHead(302, { location: '/api/v1/' }).end();
      behaviours['/elsewhere'] = (_request, response) =>
        response.writeHead(302, { location: 'https://evil.example/' }).end();
      behaviours['/sideways'] = (_request, response) =>
        response.writeHead(302, { location: '//evil.example/' }).end();
      assert.equal(
        (await gateway.call('GET', '/kubernetes/management/redirect')).headers['location'],
        '/kubernetes/management/api/v1/',
      );
      assert.equal(
        (await gateway.call('GET', '/kubernetes/management/elsewhere')).headers['location'],
        undefined,
      );
      assert.equal(
        (await gateway.call('GET', '/kubernetes/management/sideways')).headers['location'],
        undefined,
      );
    });

    const cannot = 'User "vcluster-platform:gateway" cannot impersonate resource "users"';
    const versions: [what: string, version: (response: ServerResponse) => void, passes: boolean][] = [
      ['knows the gateway', (response) => response.end('{}'), true],
      ['refuses only the caller', (response) => response.writeHead(403).end('you cannot'), true],
      ['does not know the gateway', (response) => response.writeHead(401).end(), false],
      ['does not let it act as the caller', (response) => response.writeHead(403).end(cannot), false],
    ];
    for (const [what, version, passes] of versions)
      for (const code of [401, 403])
        it(`a ${code} reaches the caller ${passes ? 'with its body' : 'as 503'} where the API server ${what}`, async () => {
          const body = code === 403 ? cannot + 'x'.repeat(40_000) : cannot;
          const mark = { 'content-type': 'text/plain' };
          behaviours['/refused'] = (_request, response) => response.writeHead(code, mark).end(body);
          behaviours['/version'] = (_request, response) => version(response);
          const answer = await gateway.call('GET', '/kubernetes/management/refused');
          assert.equal(answer.status, passes ? code : 503, answer.text);
          if (passes) assert.equal(answer.text, body);
        });

    it('a 401 that was let in by the API server reaches the caller unasked', async () => {
      behaviours['/refused'] = (_request, response) =>
        response.writeHead(401, { 'x-kubernetes-pf-flowschema-uid': 'a' }).end('who');
      behaviours['/version'] = (_request, response) => response.writeHead(401).end();
      const answer = await gateway.call('GET', '/kubernetes/management/refused');
      assert.deepEqual([answer.status, answer.text], [401, 'who']);
    });

    it('a 401 without an end is begun when it is known whose it is', async () => {
      behaviours['/version'] = (_request, response) => response.end('{}');
      behaviours['/refused'] = (_request, response) => {
        response.writeHead(401);
        const more = setInterval(() => response.write('x'.repeat(10_000)), 5);
        response.once('close', () => clearInterval(more));
      };
      const socket = await gateway.socket();
      socket.write(requestText('/refused'));
      let text = '';
      socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
      await eventually('much of it arrives', () => text.length > 100_000);
      assert.match(text, /^HTTP\/1\.1 401 /);
      socket.destroy();
    });

    it('a read is retried when a kept-alive connection dies, a write is not', async () => {
      let requests = 0;
      behaviours['/once'] = (request, response) => {
        requests += 1;
        if (requests === 1) request.socket.destroy();
        else response.end('ok');
      };
      assert.equal((await gateway.call('GET', '/kubernetes/management/once')).status, 200);
      requests = 0;
      assert.equal(
        (
          await gateway.call('POST', '/kubernetes/management/once', {
            body: 'a',
            headers: { 'content-type': 'text/plain' },
          })
        ).status,
        503,
      );
      assert.equal(requests, 1);
    });
  });
}
