import { type EventEmitter, once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The one way out of the cluster's API server (selection `cluster` of its egress): HTTP CONNECT on a unix socket, which
 * leads to the kubelet API of this node whatever a Node, pod or Service names. Nothing is ever dialled.
 * @param kubelet takes over the connections
 * @returns how to close it
 */
export async function startEgress(
  socketPath: string,
  kubelet: EventEmitter,
  port: number,
): Promise<() => void> {
  const server = createServer(
    (_request, response) => void response.writeHead(405, { allow: 'CONNECT' }).end(),
  );
  const open = new Set<Socket>();
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (request.url !== `127.0.0.1:${port}`) {
      socket.end(
        "HTTP/1.1 403 the platform's node lets the API server reach its own kubelet API only\r\n\r\n",
      );
      return;
    }
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    kubelet.emit('connection', socket);
  });
  rmSync(socketPath, { force: true }); // of a node that was killed; only one runs at a time
  server.listen(socketPath);
  await once(server, 'listening');
  return () => {
    server.close();
    server.closeAllConnections();
    for (const socket of open) socket.destroy();
  };
}
