import type { FastifyInstance } from 'fastify';

/** The OpenAPI document; public, since it reveals nothing about this installation. Written out once: it never changes. */
export async function openapiRoutes(app: FastifyInstance): Promise<void> {
  let document: Buffer | undefined;
  app.get(
    '/api/v1/openapi.json',
    { config: { access: 'public' }, schema: { hide: true } },
    (_request, reply) => {
      document ??= Buffer.from(JSON.stringify(app.swagger()));
      return reply.header('content-type', 'application/json; charset=utf-8').send(document);
    },
  );
}
