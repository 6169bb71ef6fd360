import { STATUS_CODES } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { statusOfCode } from './status.ts';

/**
 * Requests to switch protocols (exec, attach, port-forward, cp). They do not go through Fastify's hooks, so that
 * `authenticate` is a plain function; until streams are carried, each is refused and its connection closed.
 */
export function refuseUpgrades(app: FastifyInstance): void {
  app.server.on('upgrade', (request, socket) => {
    socket.on('error', () => socket.destroy());
    app.log.info({ path: request.url?.split('?', 1)[0] }, 'upgrade refused');
    const body = JSON.stringify(
      statusOfCode(501, 'exec, attach, port-forward and cp are not carried by this version of the gateway'),
    );
    socket.end(
      `HTTP/1.1 501 ${STATUS_CODES[501]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  });
}
