import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A server that nobody should reach. */
export interface Canary {
  readonly port: number;
  /** Connections since the last call. */
  heard(): number;
  close(): void;
}

/** Listens on all addresses of this machine, and ends every connection at its first bytes. */
export async function startCanary(): Promise<Canary> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.destroy());
  });
  server.listen(0, '::');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    heard() {
      const heard = connections;
      connections = 0;
      return heard;
    },
    close: () => void server.close(),
  };
}
