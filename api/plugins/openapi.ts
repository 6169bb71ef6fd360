import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import packageJson from '../../package.json' with { type: 'json' };
import { OperationPreview } from '../../contracts/operation-preview.ts';
import {
  Operation,
  OperationList,
  OperationRequest,
  OperationStep,
  Problem,
  Snapshot,
} from '../../contracts/operations.ts';
import { sessionCookie } from '../auth/sessions.ts';
import { aboutExamples, curlExample } from './curl-example.ts';
import { failuresOf, withFailures } from './documented-failures.ts';

const description = `Operations on tenant clusters and spaces, logins and the audit log. Everything else goes through the Kubernetes APIs under \`/kubernetes/\`: \`/kubernetes/management\` with the resources of the platform, \`/kubernetes/cluster/<c>\`, \`/kubernetes/project/<p>/virtualcluster/<v>\` and \`/kubernetes/project/<p>/space/<s>\`, each with discovery and an OpenAPI document of its own (\`/openapi/v3\`). Their failures are \`Status\` objects.

A failure is an \`application/problem+json\` with a \`code\`; \`/api/v1/errors\` explains each.

${aboutExamples}`;

/** OpenAPI 3.1 made from the routes' schemas, at `/api/v1/openapi.json`. */
export const openapi = fp(
  async (app: FastifyInstance) => {
    for (const schema of [
      Problem,
      OperationStep,
      Operation,
      OperationList,
      OperationRequest,
      OperationPreview,
      Snapshot,
    ])
      app.addSchema(schema);
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'vcluster-platform',
          version: packageJson.version,
          description,
          license: { name: packageJson.license, identifier: packageJson.license },
        },
        // Relative to where the document was read: whatever address that was.
        servers: [{ url: '/' }],
        components: {
          securitySchemes: {
            accessKey: {
              type: 'http',
              scheme: 'bearer',
              description: 'An access key, or a token of the OpenID provider',
            },
            session: {
              type: 'apiKey',
              in: 'cookie',
              name: sessionCookie,
              description:
                'The session of a browser. Changes need its `csrfToken` in the header `X-CSRF-Token`.',
            },
          },
        },
        security: [{ accessKey: [] }, { session: [] }],
        tags: [...tags],
      },
      transform: ({ schema, url, route }) => ({ schema: documented(schema, route), url }),
      refResolver: {
        buildLocalReference: (json, _baseUri, _fragment, index) =>
          typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`,
      },
    });
  },
  { name: 'openapi' },
);

const tags = [
  { name: 'projects', description: 'Projects' },
  { name: 'tenant clusters', description: 'Tenant clusters' },
  { name: 'spaces', description: 'Namespaces of connected clusters' },
  { name: 'operations', description: 'What is done, and was done, to tenant clusters and spaces' },
  { name: 'events', description: 'What happens, as it happens' },
  { name: 'snapshots', description: 'Snapshots of tenant clusters' },
  { name: 'clusters', description: 'Connected clusters' },
  { name: 'usage', description: 'How long tenant clusters and spaces were awake and asleep' },
  { name: 'audit', description: 'The audit log' },
  { name: 'login', description: 'Access keys and sessions' },
  { name: 'platform', description: 'The platform itself' },
] as const;

/** What the document says of a route beyond its schema: its failures, an example, and that a public one needs no credential. */
function documented(schema: FastifySchema | undefined, route: RouteOptions): FastifySchema {
  if (schema === undefined || schema.hide === true) return { hide: true };
  const example = curlExample(route);
  const { access, curl } = route.config ?? {};
  return {
    ...schema,
    description: `${schema.description ?? ''}\n\n\`\`\`sh\n${example}\n\`\`\``,
    response: withFailures(schema.response, failuresOf(route)),
    ...(access === 'public' ? { security: [] } : {}),
    ...(curl?.credential === 'session' ? { security: [{ session: [] }] } : {}),
    'x-codeSamples': [{ lang: 'Shell', label: 'curl', source: example }],
  } as FastifySchema;
}
