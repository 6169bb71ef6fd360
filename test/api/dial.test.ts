import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, describe, it } from 'node:test';
import { createDial } from '../../api/tunnel/dial.ts';
import { eventually } from '../support/eventually.ts';
import { parseConnectTarget } from '../../api/tunnel/connect-listener.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function listening(host: string): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()));
  server.listen(0, host);
  await once(server, 'listening');
  servers.push(server);
  return { server, port: (server.address() as AddressInfo).port };
}

const pod = (ip: string, port: number, ready: boolean, extra: object = {}) => ({
  metadata: { name: ip, ...extra },
  spec: { containers: [{ ports: [{ name: 'https', containerPort: port }] }] },
  status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

/** A dial into cluster `local` whose service `demo` has these pods. */
function dialOf(pods: object[]) {
  const paths: string[] = [];
  const dial = createDial({
    get: async (name) => ({
      name,
      target: { host: '127.0.0.1', port: 1, servername: 'a' },
      read: async (path) => {
        paths.push(path);
        if (path.includes('/services/'))
          return {
            spec: {
              selector: { app: 'vcluster', release: 'demo' },
              ports: [{ port: 443, targetPort: 'https' }],
            },
          };
        return { items: [...pods] };
      },
    }),
    close: async () => undefined,
  });
  const target = {
    kind: 'service',
    cluster: 'local',
    namespace: 'host',
    service: 'demo',
    port: 443,
  } as const;
  return { paths, dial: () => dial(target) };
}

describe('createDial', () => {
  it('prefers a ready pod and leaves out one that ends', async () => {
    const { port } = await listening('127.88.0.1');
    const { dial } = dialOf([
      pod('127.88.0.2', port, true, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      pod('127.88.0.3', port, false),
      pod('127.88.0.1', port, true),
    ]);
    const socket = await dial();
    assert.equal(socket.remoteAddress, '127.88.0.1');
    socket.destroy();
  });

  it('remembers where it was, and looks again once when nobody answers there', async () => {
    const first = await listening('127.88.1.1');
    const second = await listening('127.88.1.2');
    const pods = [pod('127.88.1.1', first.port, true)];
    const { dial, paths } = dialOf(pods);
    (await dial()).destroy();
    (await dial()).destroy();
    assert.equal(paths.length, 2);
    first.server.close();
    pods[0] = pod('127.88.1.2', second.port, true);
    const socket = await dial();
    assert.equal(socket.remoteAddress, '127.88.1.2');
    socket.destroy();
    assert.equal(paths.length, 4);
  });

  it('waits a while for one that starts, without looking where it is each time', async () => {
    const { server, port } = await listening('127.88.3.1');
    server.close();
    const pods: object[] = [];
    const { dial, paths } = dialOf(pods);
    const dialling = dial();
    await eventually('the pods were read', () => paths.length >= 2, { intervalMs: 5 });
    pods.push(pod('127.88.3.1', port, false));
    await eventually('the pods were read again', () => paths.length >= 4, { intervalMs: 5 });
    const late = createServer().listen(port, '127.88.3.1');
    servers.push(late);
    (await dialling).destroy();
    assert.ok(paths.length <= 8, `${paths.length} reads`);
  });

  it('says so when nothing runs there', async () => {
    await assert.rejects(dialOf([]).dial(), /no pod runs behind service host\/demo/);
    await assert.rejects(dialOf([pod('127.88.2.1', 9, true)]).dial(), /cannot be reached/);
  });
});

describe('parseConnectTarget', () => {
  for (const authority of [
    'kubernetes.a.connected',
    'kubernetes.a.connected:6443',
    'kubernetes.a.b.connected:443',
    'x.y.pod.a.connected:443',
    'kubernetes.a.connected:443.evil.com:443',
    'kubernetes.A.connected:443',
    '',
  ]) {
    it(`knows nothing of ${JSON.stringify(authority)}`, () =>
      assert.equal(parseConnectTarget(authority), undefined));
  }
  it('knows API servers and services', () => {
    assert.deepEqual(parseConnectTarget('kubernetes.local.connected:443'), {
      kind: 'api-server',
      cluster: 'local',
    });
    assert.deepEqual(parseConnectTarget('demo.loft-a-v-demo.svc.local.connected:443'), {
      kind: 'service',
      cluster: 'local',
      namespace: 'loft-a-v-demo',
      service: 'demo',
      port: 443,
    });
  });
});
