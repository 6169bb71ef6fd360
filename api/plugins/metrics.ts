import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { clientGone, type GatewayMetrics } from '../metrics/gateway-metrics.ts';

/** Counts every request and how long it took. */
export const metrics = fp(
  async (app: FastifyInstance, options: { metrics: GatewayMetrics }) => {
    app.addHook('onRequest', (request, { raw }, done) => {
      const startedAt = performance.now();
      raw.once('close', () => {
        const { pathKind, verb } = request.audit.description;
        options.metrics.requested({
          pathKind,
          verb,
          code: raw.headersSent ? raw.statusCode : clientGone,
          seconds: (performance.now() - startedAt) / 1000,
        });
      });
      done();
    });
  },
  { name: 'metrics', dependencies: ['audit'] },
);
