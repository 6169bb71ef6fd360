import { createServer, type Server } from 'node:http';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** A server of its own that gives the metrics at `/metrics` to who can reach it: it asks for no key. Not listening yet. */
export function createMetricsListener(metrics: GatewayMetrics): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}
