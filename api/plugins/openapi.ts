import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import packageJson from '../../package.json' with { type: 'json' };
import {
  Operation,
  OperationList,
  OperationRequest,
  OperationStep,
  Problem,
  Snapshot,
} from '../../contracts/operations.ts';

/** OpenAPI 3.1 made from the routes' schemas, at `/api/v1/openapi.json`. */
export const openapi = fp(
  async (app: FastifyInstance) => {
    for (const schema of [Problem, OperationStep, Operation, OperationList, OperationRequest, Snapshot])
      app.addSchema(schema);
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'vcluster-platform',
          version: packageJson.version,
          description:
            'Operations on tenant clusters and spaces. Everything else goes through the Kubernetes APIs under /kubernetes/.',
        },
        // Relative to where the document was read: whatever address that was.
        servers: [{ url: '/' }],
        components: {
          securitySchemes: { accessKey: { type: 'http', scheme: 'bearer', description: 'Access key' } },
        },
        security: [{ accessKey: [] }],
      },
      refResolver: {
        buildLocalReference: (json, _baseUri, _fragment, index) =>
          typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`,
      },
    });
  },
  { name: 'openapi' },
);
