import { createServer, type Server } from 'node:http';
import { inConnectionContexts } from '../http/connection-context.ts';
import { defaultConnectionLimits } from '../http/connection-limits.ts';
import { isReady, type Readiness, withoutParts } from '../readiness/readiness.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/**
 * A separate server without authentication, for clients that can reach it: the metrics at `/metrics`, and at `/readyz` which part
 * is not well and why (`?exclude=<part>` leaves one out). Not listening yet.
 */
export function createMetricsListener(metrics: GatewayMetrics, readiness: Readiness): Server {
  const server = createServer((request, response) => {
    const [path, query] = (request.url ?? '').split('?', 2);
    const send = (status: number, type: string, text: string) =>
      response.writeHead(status, { 'content-type': type }).end(text);
    if (request.method === 'GET' && path === '/metrics') {
      metrics.text().then(
        (text) => send(200, metrics.contentType, text),
        () => response.writeHead(500).end(),
      );
    } else if (request.method === 'GET' && path === '/readyz') {
      void readiness.look().then((states) => {
        const checks = withoutParts(states, new URLSearchParams(query).getAll('exclude'));
        const ready = isReady(checks);
        send(ready ? 200 : 503, 'application/json', JSON.stringify({ ready, checks }));
      });
    } else response.writeHead(404).end();
  });
  server.keepAliveTimeout = defaultConnectionLimits.keepAliveMs;
  inConnectionContexts(server);
  return server;
}
