import type { FastifyInstance } from 'fastify';
import { checkAdministrator } from '../authorization/check-administrator.ts';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';

/** `/metrics`: for administrators of the platform. Prometheus without a key has a listener of its own (configuration `metrics`). */
export async function metricsRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.get(
    '/metrics',
    { config: { access: 'authenticated' }, schema: { hide: true } },
    async (request, reply) => {
      await checkAdministrator(gateway, callerOf(request));
      return reply.header('content-type', gateway.metrics.contentType).send(await gateway.metrics.text());
    },
  );
}
