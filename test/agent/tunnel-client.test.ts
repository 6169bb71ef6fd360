import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createHttpServer } from 'node:http';
import { createPlatformApi } from '../../agent/platform-api.ts';
import { createServeStream } from '../../agent/serve-stream.ts';
import { createTunnelClient, type TunnelClient } from '../../agent/tunnel-client.ts';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { createLogger } from '../../adapters/logging.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import type { AgentConfig } from '../../contracts/agent-config.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpRelay } from '../support/tcp-relay.ts';
import { hashOf, startTestPlatform, type TestPlatform } from './test-platform.ts';

const logger = createLogger('test', 'silent');
const credential = 'vcpa_test';
const soon = { timeoutMs: 5_000, intervalMs: 5 };

describe('the tunnels of an agent', () => {
  let platform: TestPlatform;
  let target: Server;
  let client: TunnelClient;
  before(async () => {
    // Says hello, and the end when its peer has ended.
    target = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.write('hello ');
      socket.resume().once('end', () => socket.end('end'));
    });
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
  });
  after(() => void target.close());
  beforeEach(async () => {
    platform = await startTestPlatform();
    platform.hashes.add(hashOf(credential));
  });
  afterEach(async () => {
    await client.stop(0);
    await platform.close();
  });

  function start(config: Partial<AgentConfig> = {}): void {
    const api = createPlatformApi({ url: platform.url, caFile: platform.caFile, ...config });
    const { port } = target.address() as AddressInfo;
    client = createTunnelClient({
      connect: (slot) => api.openTunnel(credential, 7, slot),
      serve: createServeStream(
        {
          apiServer: () => dialTcp('127.0.0.1', port),
          service: () => Promise.reject(new PlatformError('forbidden', 'none')),
          agentApi: createHttpServer(),
        },
        logger,
      ),
      logger,
    });
  }
  /** That take new streams. */
  const usable = () => platform.tunnels.filter(({ session }) => !session.isDraining);
  const both = () => eventually('both are open', () => usable().length === 2, soon);

  it('are two, each in its slot', async () => {
    start();
    await client.ready;
    await both();
    assert.deepEqual(
      platform.tunnels.map(({ slot }) => slot).toSorted((a, b) => a - b),
      [0, 1],
    );
    assert.ok(platform.tunnels.every(({ generation, bearer }) => generation === 7 && bearer === credential));
    await eventually('the client knows it', () => client.open === 2, soon);
  });

  it('are opened again at once when one breaks off, and the other one stays', async () => {
    start();
    await both();
    const [first, second] = platform.tunnels;
    first?.socket.destroy();
    await eventually('a third one', () => platform.tunnels.length === 3, soon);
    assert.equal(platform.tunnels[2]?.slot, first?.slot);
    assert.equal(second?.session.isDraining, false);
  });

  it('open the next one before the one that drains has ended, and its streams go on', async () => {
    start();
    await both();
    const [old] = platform.tunnels;
    assert.ok(old);
    const stream = await old.session.open('kubernetes:443');
    old.session.drain();
    await both();
    assert.equal(platform.tunnels[2]?.slot, old.slot);
    stream.end();
    assert.equal(await text(stream), 'hello end');
    await old.session.closed;
  });

  it('are renewed one for one, and streams go on', async () => {
    start();
    await both();
    const [old] = platform.tunnels;
    const stream = await old?.session.open('kubernetes:443');
    assert.ok(stream);
    client.renew();
    await eventually('two new ones', () => platform.tunnels.length === 4, soon);
    await eventually('the old ones drain', () => usable().length === 2 && old?.session.isDraining, soon);
    stream.end();
    assert.equal(await text(stream), 'hello end');
    await old?.session.closed;
  });

  it('find within 10 s that the way to the gateway is lost', { timeout: 40_000 }, async () => {
    const relay = await startTcpRelay(platform.port);
    try {
      start({ url: `https://127.0.0.1:${relay.port}` });
      await both();
      relay.freeze();
      const frozenAt = performance.now();
      await eventually('new ones', () => platform.tunnels.length === 4, { ...soon, timeoutMs: 12_000 });
      const tookMs = performance.now() - frozenAt;
      assert.ok(tookMs > 3_000 && tookMs < 10_500, `${tookMs} ms`);
    } finally {
      await relay.stop();
    }
  });

  it('take no new streams after a stop, and give those that are open their time', async () => {
    start();
    await both();
    const [one, other] = platform.tunnels;
    const stream = await one?.session.open('kubernetes:443');
    assert.ok(stream);
    const stopping = client.stop(5_000);
    await other?.session.closed;
    await eventually('the gateway knows', () => one?.session.isDraining, soon);
    stream.end();
    assert.equal(await text(stream), 'hello end');
    await stopping;
    assert.equal(platform.tunnels.length, 2);
  });

  it('end with streams that do not end', async () => {
    start();
    await both();
    const stream = await platform.tunnels[0]?.session.open('kubernetes:443');
    stream?.on('error', () => undefined);
    const startedAt = performance.now();
    await client.stop(300);
    assert.ok(performance.now() - startedAt < 2_000);
    await platform.tunnels[0]?.session.closed;
  });

  it('are tried again and again while the gateway is away, with pauses', async () => {
    const relay = await startTcpRelay(platform.port);
    try {
      relay.close();
      start({ url: `https://127.0.0.1:${relay.port}` });
      await delay(1_500);
      relay.open();
      await both();
    } finally {
      await relay.stop();
    }
  });

  for (const status of [401, 403, 409])
    it(`are asked for only now and then after ${status}`, async () => {
      platform.before = () => status;
      start();
      await eventually('both slots asked', () => platform.requests.length === 2, soon);
      await delay(1_000); // 200 ms would be the first pause
      assert.equal(platform.requests.length, 2);
    });

  it('are asked for again soon after 503', async () => {
    let refusals = 0;
    platform.before = () => (refusals++ < 6 ? 503 : undefined);
    start();
    await both();
  });

  it('are not opened to who cannot show a certificate of the pinned authority', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'vcp-agent-ca-'));
    try {
      const caFile = join(dir, 'ca.crt');
      writeFileSync(caFile, (await createCertificateAuthority('test')).certificate);
      start({ caFile });
      await delay(1_000);
      assert.deepEqual(platform.requests, [], 'it never saw the credential');
      await client.stop(0);
      start({ caFile, insecureSkipVerify: true });
      await both();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('createPlatformApi', () => {
  for (const url of [
    'http://platform.example.com',
    'https://platform.example.com/loft',
    'https://user:password@platform.example.com',
    'https://platform.example.com?x=1',
    'platform.example.com',
    '',
  ])
    it(`refuses ${JSON.stringify(url)}`, () =>
      assert.throws(() => createPlatformApi({ url }), /not of the form https:\/\/<host>\[:<port>\]/));

  it('refuses a caFile that is missing or holds no certificate', () => {
    const url = 'https://platform.example.com';
    assert.throws(() => createPlatformApi({ url, caFile: '/does/not/exist' }), /failed to read caFile/);
    assert.throws(
      () => createPlatformApi({ url, caFile: import.meta.filename }),
      /does not hold a certificate/,
    );
  });
});
