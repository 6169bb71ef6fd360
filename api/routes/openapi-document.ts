import type { FastifyInstance } from 'fastify';

/** The OpenAPI document; public, since it tells nothing about this installation. */
export async function openapiRoutes(app: FastifyInstance): Promise<void> {
  app.get('/api/v1/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
}
