import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { declarePublic } from '../plugins/access.ts';

/** `/api/v1/docs`: the OpenAPI document as a page to read and try. Its scripts and styles come from here. */
export async function apiReferenceRoutes(app: FastifyInstance): Promise<void> {
  // Public, as the document is: what is tried on it needs a key.
  declarePublic(app);
  await app.register(swaggerUi, {
    routePrefix: '/api/v1/docs',
    theme: { title: 'vcluster-platform API' },
    // By default the address of the document is told to a validator on the Internet.
    uiConfig: { layout: 'BaseLayout', validatorUrl: null, deepLinking: true, displayRequestDuration: true },
  });
}
