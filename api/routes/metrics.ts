import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { checkAdministrator } from '../authorization/check-administrator.ts';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';

/** `/metrics`: for administrators of the platform. Prometheus without a key has a listener of its own (configuration `metrics`). */
export async function metricsRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.get(
    '/metrics',
    {
      config: { access: 'authenticated' },
      schema: {
        summary: 'Metrics of the gateway',
        description:
          'For administrators of the platform, in the text format of Prometheus. A listener of its own, without a key, is the setting `metrics`.',
        operationId: 'getMetrics',
        tags: ['platform'],
        response: {
          200: { description: 'Metrics', content: { 'text/plain': { schema: Type.String() } } },
        },
      },
    },
    async (request, reply) => {
      await checkAdministrator(gateway, callerOf(request));
      return reply.header('content-type', gateway.metrics.contentType).send(await gateway.metrics.text());
    },
  );
}
