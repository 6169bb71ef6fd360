import { createServer, type Server } from 'node:http';
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';

/** Figures of the controllers' process for Prometheus. Every label has few values. */
export interface ControllerMetrics {
  /** An object of a connected cluster is put back as the platform wants it. */
  putBack(kind: string, cluster: string): void;
  /** All of them in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function createControllerMetrics(): ControllerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const putBacks = new Counter({
    name: 'vcp_controllers_put_back_total',
    help: 'Objects in connected clusters that were put back after somebody had changed or deleted them',
    labelNames: ['kind', 'cluster'] as const,
    registers: [registry],
  });
  return {
    putBack: (kind, cluster) => putBacks.inc({ kind, cluster }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** A server without authentication, for clients that can reach it: the metrics at `/metrics`. Not listening yet. */
export function createMetricsServer(metrics: ControllerMetrics): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}
