import { createServer, type Server } from 'node:http';
import type { Logger } from '../adapters/logging.ts';

/**
 * Answers the kubelet's probes on address `POD_IP` of the environment, or on all: `/healthz` while the process runs, `/readyz`
 * while `isReady`.
 */
export function serveProbes(port: number, isReady: () => boolean, logger: Logger): Server {
  const server = createServer((request, response) => {
    const isKnown = request.url === '/healthz' || request.url === '/readyz';
    const isGood = request.url === '/healthz' || (isKnown && isReady());
    const status = isGood ? 200 : isKnown ? 503 : 404;
    response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' });
    response.end(isGood ? 'ok\n' : isKnown ? 'not connected to the platform\n' : 'not found\n');
  });
  // The kubelet ends an agent that does not answer.
  server.on('error', (err) => logger.error({ err }, 'failed to answer probes'));
  server.listen(port, process.env['POD_IP'] || undefined);
  return server;
}
