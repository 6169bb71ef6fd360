import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { UpstreamTarget } from '../../api/upstreams/upstream.ts';
import { createUpstreamIdentity } from './upstream-identity.ts';

/** A connection on which the upstream was asked something other than whether it is ready. */
export interface RawConnection {
  readonly socket: Socket;
  /** The request's head, as it stood on the wire. */
  readonly head: string;
  /** What came behind it in the same packets. */
  readonly rest: Buffer;
}

export interface RawUpstream {
  readonly target: UpstreamTarget;
  /** Connections that asked for something, in order. */
  readonly asked: RawConnection[];
  /** What the next connections do with their request. */
  behave(behaviour: (connection: RawConnection) => void): void;
  /** What it says of its own to `GET /version`, by which the gateway learns whether it is refused itself. */
  refuse(answer: string | undefined): void;
  close(): Promise<void>;
}

const ready = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

/** A bare TLS server that answers `/readyz` and otherwise does what no HTTP server would. */
export async function startRawUpstream(): Promise<RawUpstream> {
  const { serving, targetOf } = await createUpstreamIdentity('raw');
  const asked: RawConnection[] = [];
  const sockets = new Set<Socket>();
  let behaviour: (connection: RawConnection) => void = ({ socket }) => socket.destroy();
  let refusal: string | undefined;
  const options = { ...serving, requestCert: true, allowHalfOpen: true };
  const server = createServer(options, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let bytes = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read);
      socket.pause();
      const head = bytes.subarray(0, end).toString('latin1');
      const isVersion = head.startsWith('GET /version ');
      if (isVersion || head.startsWith('GET /readyz')) {
        socket.end(isVersion ? (refusal ?? ready) : ready);
        return;
      }
      const connection = { socket, head, rest: bytes.subarray(end + 4) };
      asked.push(connection);
      behaviour(connection);
    };
    socket.on('data', read);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    asked,
    target: targetOf(server),
    behave(next) {
      behaviour = next;
    },
    refuse(answer) {
      refusal = answer;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
