import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { type WayName, ways } from '../support/tunnel-pair.ts';
import { annaGroups, annaKey, startTestGateway } from './test-gateway.ts';
import {
  exec,
  headersOf,
  headText,
  readUntil,
  spdy,
  startUpgradeFixture,
  switched,
  type UpgradeFixture,
  webSocket,
} from './upgrade-fixture.ts';

/** Upgraded connections. @param by how the gateway reaches the upstream */
export function upgrades(by: WayName): void {
  let fixture: UpgradeFixture;
  let upstream: UpgradeFixture['upstream'];
  let gateway: UpgradeFixture['gateway'];
  let open: UpgradeFixture['open'];
  let noStreams: UpgradeFixture['noStreams'];

  before(async () => {
    fixture = await startUpgradeFixture({ way: await ways[by]() });
    ({ upstream, gateway, open, noStreams } = fixture);
  });
  afterEach(() => fixture.reset());
  after(() => fixture?.close());

  describe(`an upgrade, ${by}`, () => {
    it('arrives under the caller’s identity on a connection of its own, path byte for byte', async () => {
      const { connection, answer } = await open();
      assert.match(answer, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
      assert.match(answer, /\r\nupgrade: SPDY\/3\.1\r\n/i);
      assert.match(answer, /\r\nx-request-id: [0-9a-f-]{36}\r\n/);
      assert.match(answer, /\r\nx-stream-protocol-version: v4\.channel\.k8s\.io\r\n/i);
      assert.ok(connection.head.startsWith(`POST ${exec} HTTP/1.1\r\n`), connection.head);
      assert.deepEqual(headersOf(connection, 'impersonate-user'), ['anna@example.com']);
      assert.deepEqual(headersOf(connection, 'impersonate-group'), annaGroups);
      assert.deepEqual(headersOf(connection, 'upgrade'), ['SPDY/3.1']);
      assert.deepEqual(headersOf(connection, 'connection'), ['Upgrade']);
      assert.deepEqual(headersOf(connection, 'content-length'), ['0']);
      assert.deepEqual(headersOf(connection, 'x-stream-protocol-version'), ['v4.channel.k8s.io']);
      assert.deepEqual(headersOf(connection, 'authorization'), []);
      await open();
      assert.equal(upstream.asked.length, 2);
      assert.notEqual(upstream.asked[0]?.socket.remotePort, upstream.asked[1]?.socket.remotePort);
    });

    it('forwards bytes both ways, including those right behind a head', async () => {
      upstream.behave(({ socket }) => socket.write(`${switched('SPDY/3.1')}early from afar`));
      const client = await fixture.socket();
      client.write(`${headText(spdy)}early from here`);
      assert.match(await readUntil(client, /afar$/), /\r\n\r\nearly from afar$/);
      const [connection] = upstream.asked;
      assert.ok(connection);
      assert.equal(await readUntil(connection.socket, /here$/), 'early from here');
      client.write('more');
      assert.equal(await readUntil(connection.socket, /more$/), 'more');
      connection.socket.write('answer');
      assert.equal(await readUntil(client, /answer$/), 'answer');
    });

    it('of a WebSocket takes the credential from the subprotocols and does not forward it', async () => {
      const token = Buffer.from(annaKey).toString('base64url');
      const offered = `base64url.bearer.authorization.k8s.io.${token}`;
      const { connection, answer } = await open(
        [
          ...webSocket,
          `Sec-WebSocket-Protocol: v5.channel.k8s.io, ${offered}`,
          'Sec-WebSocket-Protocol: v4.channel.k8s.io',
        ],
        { method: 'GET', key: '' },
      );
      assert.match(answer, /^HTTP\/1\.1 101 /);
      assert.deepEqual(headersOf(connection, 'sec-websocket-protocol'), [
        'v5.channel.k8s.io, v4.channel.k8s.io',
      ]);
      assert.deepEqual(headersOf(connection, 'sec-websocket-key'), ['dGhlIHNhbXBsZSBub25jZQ==']);
      assert.deepEqual(headersOf(connection, 'impersonate-user'), ['anna@example.com']);
      assert.ok(!connection.head.includes(token));
    });

    it('of a port-forward keeps its subprotocol', async () => {
      const { connection } = await open(
        [...webSocket, 'Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io'],
        {
          method: 'GET',
          path: '/api/v1/namespaces/default/pods/a/portforward',
        },
      );
      assert.deepEqual(headersOf(connection, 'sec-websocket-protocol'), ['SPDY/3.1+portforward.k8s.io']);
    });

    it('ends one direction and keeps the other: the client’s first', async () => {
      const { client, far } = await open();
      client.end('last words');
      assert.equal(await readUntil(far, /words$/), 'last words');
      far.resume();
      await once(far, 'end');
      far.write('still here');
      assert.equal(await readUntil(client, /here$/), 'still here');
      far.end();
      client.resume();
      await once(client, 'end');
      await noStreams();
    });

    it('ends one direction and keeps the other: the upstream’s first', async () => {
      const { client, far } = await open();
      // The test's own socket must not close by itself.
      client.allowHalfOpen = true;
      far.end('bye');
      assert.equal(await readUntil(client, /bye$/), 'bye');
      client.resume();
      await once(client, 'end');
      client.write('still here');
      assert.equal(await readUntil(far, /here$/), 'still here');
      client.end();
      await noStreams();
    });

    it('closes the upstream when the client disconnects, and vice versa', async () => {
      const one = await open();
      one.client.destroy();
      one.far.resume();
      await eventually('the upstream hears of it', () => one.far.readableEnded || one.far.destroyed);
      one.far.destroy();
      const two = await open();
      two.far.destroy();
      two.client.resume();
      await eventually('the client hears of it', () => two.client.readableEnded || two.client.destroyed);
      await noStreams();
    });

    it('is closed without a response when the client disconnects first', async () => {
      upstream.behave(() => undefined);
      const client = await gateway.socket();
      client.write(headText(spdy));
      await eventually('it was asked', () => upstream.asked.length === 1, { intervalMs: 5 });
      client.destroy();
      const far = upstream.asked[0]?.socket;
      far?.resume();
      await eventually(
        'the upstream hears of it',
        () => far?.readableEnded === true || far?.destroyed === true,
        {
          timeoutMs: 600,
          intervalMs: 5,
        },
      );
      await noStreams();
    });

    it('is closed after the idle time', async () => {
      const impatient = await startTestGateway({
        target: upstream.target,
        dial: fixture.dial,
        streamLimits: { idleMs: 300 },
      });
      try {
        const { client, far } = await open(spdy, {}, impatient);
        client.resume();
        for (let index = 0; index < 5; index += 1) {
          await delay(100);
          far.write('x');
        }
        assert.ok(!client.destroyed);
        await once(client, 'close');
        await eventually('no stream is left', () => impatient.streams.size === 0);
      } finally {
        await impatient.close();
      }
    });

    it('can be ended by the gateway', async () => {
      const { client, far } = await open();
      client.resume();
      far.resume();
      gateway.streams.end('revoked', ({ name }) => name === 'anna');
      await eventually(
        'both ends hear of it',
        () => client.destroyed && (far.readableEnded || far.destroyed),
      );
      await noStreams();
    });
  });

  describe(`a large stream, ${by}`, () => {
    const total = 64 * 1024 * 1024;
    const chunk = Buffer.alloc(64 * 1024, 'x');

    /** Writes `total` bytes as fast as they are taken. */
    function pour(socket: Socket, onWritten: (bytes: number) => void): void {
      let written = 0;
      const write = () => {
        while (written < total) {
          written += chunk.length;
          onWritten(written);
          if (!socket.write(chunk)) return void socket.once('drain', write);
        }
      };
      write();
    }

    for (const direction of ['up', 'down'] as const) {
      it(`flows ${direction} with back-pressure and bounded memory`, async () => {
        const { client, far } = await open();
        const [from, to] = direction === 'up' ? [client, far] : [far, client];
        let written = 0;
        let read = 0;
        const before = process.memoryUsage().rss;
        pour(from, (bytes) => (written = bytes));
        let last = -1;
        await eventually(
          'the writer stands still',
          () => {
            const still = written > 0 && written === last;
            last = written;
            return still;
          },
          { intervalMs: 150 },
        );
        assert.ok(written < 24 * 1024 * 1024, `${written} bytes were taken`);
        to.on('data', (data: Buffer) => (read += data.length));
        to.resume();
        await eventually('all of it arrives', () => read === total, { timeoutMs: 60_000, intervalMs: 10 });
        const grown = process.memoryUsage().rss - before;
        assert.ok(grown < 150 * 1024 * 1024, `${grown} bytes more`);
      });
    }
  });
}
