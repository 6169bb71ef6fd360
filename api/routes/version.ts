import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import packageJson from '../../package.json' with { type: 'json' };

const Version = Type.Object(
  { version: Type.String(), major: Type.String(), minor: Type.String() },
  { $id: 'Version', description: 'The version of the platform', additionalProperties: false },
);

/** `/version`: of the platform, not of a Kubernetes API behind it. */
export async function versionRoutes(app: FastifyInstance): Promise<void> {
  app.addSchema(Version);
  const { version } = packageJson;
  const [major = '0', minor = '0'] = version.split('.');
  app.get(
    '/version',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Version of the platform',
        description: 'Of the platform, not of a Kubernetes API behind it.',
        operationId: 'getVersion',
        tags: ['platform'],
        response: { 200: Type.Ref('Version') },
      },
    },
    async () => ({ version, major, minor }),
  );
}
