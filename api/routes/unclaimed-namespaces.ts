import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../contracts/errors.ts';
import type { Operation } from '../../contracts/operations.ts';
import { UnclaimedNamespace } from '../../contracts/resources/cluster.ts';
import { checkAdministrator } from '../authorization/check-administrator.ts';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';
import { dnsLabel } from '../http/parameters.ts';

const Listed = Type.Interface([UnclaimedNamespace], { cluster: Type.String() });
const collection = '/api/v1/unclaimed-namespaces';

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
    collection,
    {
      config,
      schema: {
        summary: 'Unclaimed namespaces of connected clusters',
        description:
          'Namespaces with the mark of the platform that belong to no existing tenant cluster or space. For administrators of the platform.',
        operationId: 'listUnclaimedNamespaces',
        tags: ['clusters'],
        response: {
          200: Type.Object({ items: Type.Array(Listed) }, { description: 'All unclaimed namespaces' }),
        },
      },
    },
    async (request) => {
      await checkAdministrator(gateway, callerOf(request));
      return { items: all() };
    },
  );

  app.delete(
    `${collection}/:cluster/:namespace`,
    {
      config: { ...config, failures: ['not_found', 'conflict', 'temporal_unavailable'] },
      schema: {
        summary: 'Delete an unclaimed namespace and everything in it',
        description:
          'Queues an operation that deletes it. For administrators of the platform. 409 if the namespace does not say whose it was.',
        operationId: 'deleteUnclaimedNamespace',
        tags: ['clusters'],
        params: Type.Object({
          cluster: dnsLabel('Name of the connected cluster'),
          namespace: dnsLabel('Name of the namespace there'),
        }),
        response: { 202: Type.Ref('Operation') },
      },
    },
    async (request, reply): Promise<Operation> => {
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
