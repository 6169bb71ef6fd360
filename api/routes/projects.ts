import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { ProjectList, projectRoutes as routes } from '../../contracts/rest/project-routes.ts';
import type { Gateway } from '../gateway.ts';
import { isNamed, pageOf } from '../http/pages.ts';
import { restRoute } from '../http/rest-route.ts';
import { callerOf } from '../plugins/access.ts';

/** The projects that the caller may see. (RBAC would refuse the whole list to callers who may see some.) */
export async function projectRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.addSchema(ProjectList);
  app.get(
    routes.listProjects.path,
    restRoute(routes.listProjects, { access: 'authenticated', scope: 'reviewed' }),
    async (request) => {
      const { identity } = callerOf(request);
      const { query } = request;
      const visible = await gateway.review.filter(
        identity,
        gateway.cache.projects(),
        ({ metadata: { name } }) => ({ verb: 'get', resource: 'projects', name }),
      );
      const items = visible
        .map(({ metadata, spec }) => ({
          name: metadata.name,
          ...(spec?.displayName === undefined ? {} : { displayName: spec.displayName }),
          ...(spec?.description === undefined ? {} : { description: spec.description }),
        }))
        .filter((project) => isNamed(project, query.search));
      return pageOf(items, query, {
        byDefault: 'name',
        valueOf: (project, field) => project[field as 'name' | 'displayName'],
        keyOf: ({ name }) => name,
      });
    },
  );
}
