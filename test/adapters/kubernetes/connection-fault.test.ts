import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, test } from 'node:test';
import { Agent, fetch, type RequestInit } from 'undici';
import { createConnectListener } from '../../../api/tunnel/connect-listener.ts';
import { renderKubeconfig } from '../../../adapters/certificates/kubeconfig.ts';
import { connectCluster } from '../../../adapters/kubernetes/client.ts';
import { connectionFault } from '../../../adapters/kubernetes/connection-fault.ts';
import { callKubernetes } from '../../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../../adapters/kubernetes/request.ts';
import { createLogger } from '../../../adapters/logging.ts';
import { PlatformError } from '../../../contracts/errors.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A port on which nothing listens any more. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
}

const limits = { connectMs: 300, headMs: 300, bodyMs: 300 };
const clusterAt = (server: string, proxyUrl?: string) =>
  connectCluster(
    renderKubeconfig({
      server,
      certificateAuthority: undefined,
      token: 'secret',
      ...(proxyUrl === undefined ? {} : { proxyUrl }),
    }),
    { limits },
  );

/** What people read when nothing can be asked there, both through client-node and by a request of our own. */
async function told({ core, kubeConfig }: ReturnType<typeof connectCluster>): Promise<string> {
  const messages = [];
  for (const call of [() => core.listNamespace(), () => requestJson(kubeConfig, { path: '/version' })]) {
    const error = await callKubernetes('reading x', call as () => Promise<unknown>).catch((cause) => cause);
    assert.ok(error instanceof PlatformError);
    assert.equal(error.code, 'cluster_unreachable');
    assert.doesNotMatch(error.message, /fetch failed|secret/);
    messages.push(error.message);
  }
  assert.equal(messages[0]?.replace(/\d{4,5}/g, ''), messages[1]?.replace(/\d{4,5}/g, ''));
  return messages[0] ?? '';
}

test('a server that refuses is told with its address', async () => {
  const port = await freePort();
  const message = await told(clusterAt(`https://127.0.0.1:${port}`));
  assert.equal(message, `reading x: connect ECONNREFUSED 127.0.0.1:${port}`);
});

test('a server that ends the connection, hangs, or speaks no TLS is told so', async () => {
  const closing = await listening(createServer((socket) => socket.destroy()));
  assert.match(
    await told(clusterAt(`https://127.0.0.1:${closing}`)),
    /^reading x: (Client network socket disconnected|read ECONNRESET)/,
  );
  const silent = await listening(createServer((socket) => socket.on('error', () => undefined)));
  assert.match(
    await told(clusterAt(`https://127.0.0.1:${silent}`)),
    new RegExp(`^reading x: no connection in time \\(attempted address: 127.0.0.1:${silent}`),
  );
  const plain = await listening(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  assert.equal(await told(clusterAt(`https://127.0.0.1:${plain}`)), 'reading x: TLS: wrong version number');
  const fault = (port: number, options: RequestInit) =>
    fetch(`http://127.0.0.1:${port}`, options).then(() => 'answered', connectionFault);
  const dispatcher = new Agent({ headersTimeout: 300 });
  assert.equal(await fault(silent, { dispatcher }), 'no answer in time');
  assert.equal(await fault(silent, { signal: AbortSignal.timeout(50) }), 'no answer in time');
  assert.match(await fault(closing, {}), /^(other side closed|read ECONNRESET)/);
  await dispatcher.destroy();
});

test('a name with several addresses is told with each, and a text as it is', () => {
  const refused = (address: string) => new Error(`connect ECONNREFUSED ${address}`);
  const cause = new AggregateError([refused('::1:1'), refused('127.0.0.1:1')]);
  assert.equal(
    connectionFault(new TypeError('fetch failed', { cause })),
    'connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127.0.0.1:1',
  );
  assert.equal(connectionFault('text'), 'text');
});

test('what the gateway cannot dial for a worker is told with its name and cause', async () => {
  const port = await freePort();
  const dial = async () => {
    const cause = new Error(`connect ECONNREFUSED 127.0.0.1:${port}`);
    throw new PlatformError('cluster_unreachable', 'service "a" of connected cluster b is unreachable', {
      cause,
    });
  };
  const { server } = createConnectListener({
    dial,
    dialHere: dial,
    secret: 'secret',
    isKnown: ({ cluster }) => cluster === 'b',
    ready: Promise.resolve(),
    logger: createLogger('test', 'fatal'),
  });
  const proxy = `http://worker:secret@127.0.0.1:${await listening(server)}`;
  assert.equal(
    await told(clusterAt('https://a.host.svc.b.connected:443', proxy)),
    `reading x: service "a" of connected cluster b is unreachable: connect ECONNREFUSED 127.0.0.1:${port}`,
  );
  assert.equal(
    await told(clusterAt('https://a.host.svc.c.connected:443', proxy)),
    'reading x: the gateway connects only to known clusters and tenant clusters',
  );
  assert.equal(
    await told(clusterAt('https://a.host.svc.b.connected:443', proxy.replace('secret', 'another'))),
    'reading x: the proxy does not connect: it answered 407',
  );
});
