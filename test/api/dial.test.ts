import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, describe, it } from 'node:test';
import { createAddressCheck } from '../../adapters/services/allowed-addresses.ts';
import { createServiceDial } from '../../adapters/services/dial-service.ts';
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

/** A dial into a cluster whose service `demo` has these pods; those of `local` may have loopback addresses. */
function dialOf(pods: object[], cluster = 'local') {
  const paths: string[] = [];
  const read = async (path: string) => {
    paths.push(path);
    if (!path.includes('/services/')) return { items: [...pods] };
    const selector = { app: 'vcluster', release: 'demo' };
    return { spec: { selector, ports: [{ port: 443, targetPort: 'https' }] } };
  };
  const dial = createServiceDial(
    {
      get: async (name) => ({ name, read }),
    },
    createAddressCheck({ cluster: 'local', range: '127.64.0.0/10' }),
  );
  const target = {
    cluster,
    namespace: 'host',
    service: 'demo',
    port: 443,
  } as const;
  return { paths, dial: () => dial(target) };
}

describe('createServiceDial', () => {
  it('prefers a ready pod and skips a terminating one', async () => {
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

  it('remembers the address, and resolves again once when nothing listens there', async () => {
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

  it('retries a starting pod for a while without resolving each time', async () => {
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

  it('fails with a clear error when no pod runs', async () => {
    await assert.rejects(dialOf([]).dial(), /no running pod behind service host\/demo/);
    await assert.rejects(dialOf([pod('127.88.2.1', 9, true)]).dial(), /is unreachable/);
  });
});

describe('addresses that a cluster reports', () => {
  /** What a pod's status may say to point the gateway at a server of ours on port `canary`. */
  const hostile: [cluster: string, address: string][] = [
    ['local', '127.0.0.1'],
    ['local', '127.63.255.255'],
    ['local', '0.0.0.0'],
    ['local', '::1'],
    ['local', '::'],
    ['local', '::ffff:127.0.0.1'],
    ['local', '::127.0.0.1'],
    ['local', 'localhost'],
    ['local', '127.1'],
    ['local', '2130706433'],
    ['local', '0x7f000001'],
    ['local', '127.0.0.1 '],
    ['other', '127.0.0.1'],
    ['other', '127.88.3.1'],
    ['other', '169.254.169.254'],
    ['other', 'fe80::1'],
    ['other', 'fe80::1%lo'],
    ['other', 'fd00:ec2::254'],
    ['other', '224.0.0.1'],
    ['other', '255.255.255.255'],
    ['other', 'metadata.google.internal'],
    ['other', 'kubernetes.default.svc'],
  ];
  it('are dialled only in pod ranges: canary servers hear nothing', async () => {
    const heard: string[] = [];
    const canary = createServer((socket) => {
      heard.push(String(socket.localAddress));
      socket.destroy();
    });
    servers.push(canary);
    canary.listen(0, '::'); // all addresses of this machine
    await once(canary, 'listening');
    const { port } = canary.address() as AddressInfo;
    const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
    const addresses = [...hostile, ...own.map(({ address }): [string, string] => ['other', address])];
    for (const [cluster, address] of addresses) {
      const { dial } = dialOf([pod(address, port, true)], cluster);
      await assert.rejects(dial(), /has a pod with an address that is not dialled/, address);
    }
    assert.deepEqual(heard, []);
    // It would have been heard.
    (await dialOf([pod('127.88.3.1', port, true)]).dial()).destroy();
    await eventually('the canary hears', () => heard.length === 1);
  });

  it('of pods in other ranges are accepted', () => {
    const check = createAddressCheck();
    for (const address of ['10.1.2.3', '172.20.0.9', '192.168.77.5', '100.64.0.7', 'fd12::7', '2001:db8::7'])
      check('other', address);
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
    it(`refuses ${JSON.stringify(authority)}`, () => assert.equal(parseConnectTarget(authority), undefined));
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
