import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';

const ProjectSummary = Type.Object(
  {
    name: Type.String(),
    displayName: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
const ProjectList = Type.Object(
  { items: Type.Array(ProjectSummary) },
  { $id: 'ProjectList', description: 'Projects, by name', additionalProperties: false },
);

/** The projects that the caller may see. (RBAC would refuse the whole list to callers who may see some.) */
export async function projectRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.addSchema(ProjectList);
  app.get(
    '/api/v1/projects',
    {
      config: { access: 'authenticated', scope: 'reviewed' },
      schema: {
        summary: 'Projects that you may see',
        description:
          'Projects of which you are a member, or which you may see otherwise; administrators see all.',
        operationId: 'listProjects',
        tags: ['projects'],
        response: { 200: Type.Ref('ProjectList') },
      },
    },
    async (request) => {
      const { identity } = callerOf(request);
      const visible = await gateway.review.filter(
        identity,
        gateway.cache.projects(),
        ({ metadata: { name } }) => ({ verb: 'get', resource: 'projects', name }),
      );
      const items = visible.map(({ metadata, spec }) => ({
        name: metadata.name,
        ...(spec?.displayName === undefined ? {} : { displayName: spec.displayName }),
        ...(spec?.description === undefined ? {} : { description: spec.description }),
      }));
      return { items: items.toSorted((a, b) => a.name.localeCompare(b.name)) };
    },
  );
}
