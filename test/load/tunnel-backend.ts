/**
 * `node tunnel-backend.ts <settings.json>`: what the bench of the tunnel connects to, in place of an API server, over TLS and over bare
 * TCP. The first line of a connection says what it is for: `source <bytes>`, `sink <bytes>` or `echo`. Prints both ports.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** PEM. */
export interface TunnelBackendSettings {
  readonly certificate: string;
  readonly key: string;
}

const { certificate: cert, key } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
) as TunnelBackendSettings;
const block = Buffer.alloc(64 * 1024, 'what an API server says\n');

function source(socket: Socket, bytes: number): void {
  let left = bytes;
  const more = () => {
    while (left > 0) {
      const chunk = left < block.length ? block.subarray(0, left) : block;
      left -= chunk.length;
      if (!socket.write(chunk)) {
        socket.once('drain', more);
        return;
      }
    }
    socket.end();
  };
  more();
}

function sink(socket: Socket, bytes: number, begun: number): void {
  let left = bytes - begun;
  const end = () => left <= 0 && socket.end('received\n');
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    end();
  });
  end();
}

function echo(socket: Socket, begun: Buffer): void {
  socket.write(begun);
  socket.on('data', (chunk: Buffer) => socket.write(chunk));
}

function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.once('data', (first: Buffer) => {
    const end = first.indexOf('\n');
    const [what, bytes] = first.subarray(0, end).toString().trim().split(' ');
    if (what === 'source') source(socket, Number(bytes));
    else if (what === 'sink') sink(socket, Number(bytes), first.length - end - 1);
    else if (what === 'echo') echo(socket, first.subarray(end + 1));
    else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok'); // whether it is ready
  });
}

const servers: readonly Server[] = [
  createTlsServer({ cert, key, noDelay: true }, serve),
  createServer({ noDelay: true }, serve),
];
for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
console.log(servers.map((server) => (server.address() as AddressInfo).port).join(' '));
process.stdin.resume().once('end', () => process.exit()); // the bench is gone
