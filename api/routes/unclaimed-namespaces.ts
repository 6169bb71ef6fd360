import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { PlatformError } from '../../contracts/errors.ts';
import { unclaimedNamespaceRoutes as routes } from '../../contracts/rest/unclaimed-namespace-routes.ts';
import { checkAdministrator } from '../authorization/check-administrator.ts';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';
import { pageOf } from '../http/pages.ts';
import { restRoute } from '../http/rest-route.ts';

/**
 * Namespaces with the platform's mark that belong to nothing that is there, as controllers/instances/unclaimed-namespaces.ts found
 * them, and their deletion by an ordinary operation. For administrators.
 */
export async function unclaimedNamespaceRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const config = { access: 'authenticated' } as const;
  const all = () =>
    gateway.cache
      .clusters()
      .flatMap(({ metadata, status }) =>
        (status?.unclaimedNamespaces ?? []).map((namespace) => ({ ...namespace, cluster: metadata.name })),
      );

  app.get(
    routes.listUnclaimedNamespaces.path,
    restRoute(routes.listUnclaimedNamespaces, config),
    async (request) => {
      await checkAdministrator(gateway, callerOf(request));
      const { query } = request;
      return pageOf(
        all().filter(({ cluster }) => (query.cluster ?? cluster) === cluster),
        query,
        {
          byDefault: 'cluster',
          valueOf: (namespace, field) => namespace[field as 'cluster' | 'name'],
          keyOf: ({ cluster, name }) => `${cluster}/${name}`,
        },
      );
    },
  );

  app.delete(
    routes.deleteUnclaimedNamespace.path,
    restRoute(routes.deleteUnclaimedNamespace, config),
    async (request, reply) => {
      const caller = callerOf(request);
      await checkAdministrator(gateway, caller);
      const { cluster, namespace } = request.params;
      const found = all().find((one) => one.cluster === cluster && one.name === namespace);
      if (found === undefined)
        throw new PlatformError(
          'not_found',
          `unclaimed namespace ${namespace} not found in cluster ${cluster}`,
        );
      const { kind, project, subject, uid } = found;
      if (!project || !subject || !uid)
        throw new PlatformError(
          'conflict',
          `namespace ${namespace} does not name its owner; inspect it in cluster ${cluster} and delete it there`,
        );
      const operation = await gateway.operations.submit({
        type: 'delete',
        kind,
        project,
        name: subject,
        uid,
        // The worker acts only in a namespace that carries this uid.
        placed: { cluster, hostNamespace: namespace },
        actor: caller.identity.user,
        requestId: request.id,
        idempotencyKey: `unclaimed:${cluster}:${namespace}:${request.id}`,
        parameters: {},
      });
      return reply.code(202).header('location', `/api/v1/operations/${operation.id}`).send(operation);
    },
  );
}
