import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { annaKey, startTestGateway, type TestGateway } from './test-gateway.ts';
import { createUpstreamIdentity } from './upstream-identity.ts';

const bodyBytes = 100 * 1024 * 1024;
let upstream: Server;
let gateway: TestGateway;

before(async () => {
  const { serving, targetOf } = await createUpstreamIdentity('upstream');
  upstream = createServer(serving, (request, response) => {
    if (request.url?.startsWith('/readyz')) response.end('ok');
    else response.writeHead(413, { connection: 'close' }).end(); // like an API server: without reading the body
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  gateway = await startTestGateway({ target: targetOf(upstream) });
});
after(async () => {
  await gateway?.close();
  upstream?.closeAllConnections();
  upstream?.close();
});

/** Sends a whole POST of 100 MB and only then begins to read, as simple clients do. */
async function postBeforeReading(path: string): Promise<{ socket: Socket; answer: string }> {
  const socket = await gateway.socket();
  const closed = once(socket, 'close').then(() => assert.fail('the connection was closed under the body'));
  closed.catch(() => undefined);
  socket.on('error', () => undefined);
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${annaKey}\r\nContent-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n\r\n`,
  );
  const chunk = Buffer.alloc(64 * 1024, 'a');
  for (let sent = 0; sent < bodyBytes; sent += chunk.length)
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), closed]);
  return { socket, answer: String(await Promise.race([once(socket, 'data'), closed])) };
}

describe('a response before the end of the request', () => {
  for (const path of ['/api/v1/projects/a/virtualclusters/b/operations', '/kubernetes/management/api/v1/x'])
    it(`reaches a client that sends its whole body first: ${path}`, async () => {
      const { socket, answer } = await postBeforeReading(path);
      assert.match(answer, /^HTTP\/1\.1 413 /);
      assert.doesNotMatch(answer, /connection: close/i);
      socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.match(String(await once(socket, 'data')), /HTTP\/1\.1 200 /, 'the connection goes on');
      socket.destroy();
    });

  it('is followed by a close if the client never finishes', { timeout: 20_000 }, async () => {
    const socket = await gateway.socket();
    socket.on('error', () => undefined);
    socket.write(
      `POST /api/v1/projects/a/virtualclusters/b/operations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${annaKey}\r\nContent-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n\r\n`,
    );
    const answered = String(await once(socket, 'data'));
    assert.match(answered, /^HTTP\/1\.1 413 /);
    await once(socket, 'close');
  });
});
