import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

/** The OpenAPI document; public, since it reveals nothing about this installation. Written out once: it never changes. */
export async function openapiRoutes(app: FastifyInstance): Promise<void> {
  let document: Buffer | undefined;
  app.get(
    '/api/v1/openapi.json',
    {
      config: { access: 'public' },
      schema: {
        summary: 'This document',
        description: 'The OpenAPI 3.1 document of all paths outside of `/kubernetes/`.',
        operationId: 'getOpenApiDocument',
        tags: ['platform'],
        response: {
          200: Type.Object(
            { openapi: Type.String(), info: Type.Object({}), paths: Type.Object({}) },
            { description: 'An OpenAPI document', additionalProperties: true },
          ),
        },
      },
    },
    (_request, reply) => {
      document ??= Buffer.from(JSON.stringify(app.swagger()));
      return reply.header('content-type', 'application/json; charset=utf-8').send(document);
    },
  );
}
