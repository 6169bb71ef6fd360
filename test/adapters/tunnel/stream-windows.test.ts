import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, performServerHandshake } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { shareWindows, windowFor } from '../../../adapters/tunnel/stream-windows.ts';
import { tunnelSettings } from '../../../adapters/tunnel/tunnel-settings.ts';
import { eventually } from '../../support/eventually.ts';
import { frame, frameFlag, frameType } from '../../api/http2-frames.ts';

const { keptBytes, minWindowBytes, maxWindowBytes } = tunnelSettings;
const mebibyte = 1024 ** 2;
const sockets: Socket[] = [];
after(() => {
  for (const socket of sockets) socket.destroy();
});

/** The two ends of a TCP connection. */
async function socketPair(): Promise<[Socket, Socket]> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const near = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  await once(near, 'connect');
  const [far] = await accepted;
  listener.close();
  for (const socket of [near, far]) socket.on('error', () => socket.destroy());
  sockets.push(near, far);
  return [near, far];
}

function clientOn(socket: Socket): ClientHttp2Session {
  const settings = { initialWindowSize: windowFor(1), enablePush: false };
  const session = connectHttp2('http://peer', { createConnection: () => socket, settings });
  session.setLocalWindowSize(tunnelSettings.sessionWindowBytes);
  session.on('error', () => undefined);
  return session;
}

describe('windows of the streams of a tunnel', () => {
  it('a few are as large as a long way needs, many share what is kept', () => {
    for (const streams of [0, 1, 2]) assert.equal(windowFor(streams), maxWindowBytes);
    assert.equal(windowFor(3), maxWindowBytes / 2);
    for (let streams = 3; streams <= keptBytes / minWindowBytes; streams++) {
      const all = windowFor(streams) * streams;
      assert.ok(all <= keptBytes && all > keptBytes / 2, `${streams} of ${windowFor(streams)}`);
    }
    assert.equal(windowFor(20_000), minWindowBytes);
  });

  it('readers that take nothing are kept a bounded number of bytes for', async () => {
    const [near, far] = await socketPair();
    const chunk = Buffer.alloc(64 * 1024);
    performServerHandshake(far, { maxSessionMemory: 512 }).on('stream', (stream) => {
      stream.on('error', () => undefined);
      stream.respond({ ':status': 200 });
      const more = () => {
        while (stream.write(chunk));
      };
      stream.on('drain', more);
      more();
    });
    const session = clientOn(near);
    const share = shareWindows(session);
    const streams = 64;
    for (let opened = 1; opened <= streams; opened++) {
      const stream = session.request({ ':method': 'CONNECT', ':authority': 'endless' });
      stream.on('error', () => undefined).pause();
      share(opened);
      await once(stream, 'response');
      await delay(20);
    }
    let before: number;
    do {
      before = near.bytesRead;
      await delay(500);
    } while (near.bytesRead > before);
    const bound = keptBytes * (1 + Math.log(streams));
    assert.ok(before < bound, `${Math.round(before / mebibyte)} MiB`);
    assert.ok(before > keptBytes, 'all of them were filled');
    session.destroy();
  });

  it('a stream among many gets a large window again when the others have ended', async () => {
    const [near, far] = await socketPair();
    const peer = performServerHandshake(far);
    const session = clientOn(near);
    const share = shareWindows(session);
    const told: (number | undefined)[] = [];
    peer.on('remoteSettings', ({ initialWindowSize }) => told.push(initialWindowSize));
    const agreed = (streams: number) => {
      share(streams);
      return eventually('the peer knows', () => told.at(-1) === windowFor(streams));
    };
    await agreed(3);
    await agreed(100);
    for (const streams of [101, 99, 100]) share(streams); // a number that goes up and down a little changes nothing
    await agreed(1);
    assert.deepEqual(told.slice(-3), [3, 100, 1].map(windowFor));
    session.destroy();
  });

  it('a peer that does not agree to a smaller window is cut off', async () => {
    const [near, far] = await socketPair();
    far.write(Buffer.concat([frame(frameType.settings, 0, 0), frame(frameType.settings, frameFlag.ack, 0)]));
    far.resume();
    const session = clientOn(near);
    const share = shareWindows(session, 200);
    await once(session, 'localSettings');
    const closed = new Promise<void>((resolve) => session.once('close', resolve));
    share(100);
    await closed;
  });
});
