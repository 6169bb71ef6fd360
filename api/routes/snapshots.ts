import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { Snapshot } from '../../contracts/operations.ts';
import { SnapshotList, snapshotRoutes as routes } from '../../contracts/rest/snapshot-routes.ts';
import { recordAccess } from '../authorization/record-access.ts';
import { targetNotFound } from '../authorization/target-access.ts';
import type { Gateway } from '../gateway.ts';
import { type PageQuery, pageOf, valuesOf } from '../http/pages.ts';
import { restRoute } from '../http/rest-route.ts';
import { allowed, namedSnapshot } from '../operations/named-snapshot.ts';
import { callerOf } from '../plugins/access.ts';

/**
 * The catalogue of snapshots. They outlive their tenant cluster: from then on they are its project's administrators', not
 * those of who takes its name, and are deleted by hand or after a while.
 */
export async function snapshotRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.addSchema(SnapshotList);
  const accessOf = (request: Parameters<typeof callerOf>[0], project: string) =>
    recordAccess(gateway, callerOf(request).identity, project);

  app.get(
    routes.listSnapshots.path,
    restRoute(routes.listSnapshots, { access: 'authenticated', scope: 'virtualclusterinstances' }),
    async (request) => {
      const { project, name } = request.params;
      const access = accessOf(request, project);
      if ((await access.visible('tenant', name)) === undefined)
        throw targetNotFound({ kind: 'tenant', project, name });
      const all = await gateway.operations.snapshots({ project, name });
      return page(await allowed(access, 'get', all), request.query);
    },
  );

  app.get(
    routes.listProjectSnapshots.path,
    restRoute(routes.listProjectSnapshots, { access: 'authenticated', scope: 'reviewed' }),
    async (request) => {
      const { project } = request.params;
      const { tenantCluster: name } = request.query;
      const all = await gateway.operations.snapshots({ project, ...(name === undefined ? {} : { name }) });
      return page(await allowed(accessOf(request, project), 'get', all), request.query);
    },
  );

  app.delete(
    routes.deleteSnapshot.path,
    restRoute(routes.deleteSnapshot, { access: 'authenticated', scope: 'virtualclusterinstances' }),
    async (request, reply) => {
      const { project, name, snapshot } = request.params;
      const access = accessOf(request, project);
      if ((await access.visible('tenant', name)) === undefined)
        throw targetNotFound({ kind: 'tenant', project, name });
      const { uid } = request.query;
      const named = { project, tenantCluster: name, name: snapshot, uid };
      const { operationId } = await namedSnapshot(gateway, access, named);
      await gateway.operations.deleteSnapshot(operationId, callerOf(request).identity.user);
      return reply.code(202).send({ deleting: snapshot });
    },
  );
}

function page(snapshots: readonly Snapshot[], query: PageQuery & { readonly state?: string }) {
  const states = valuesOf(query.state);
  return pageOf(
    snapshots.filter(({ state }) => states?.includes(state) ?? true),
    query,
    {
      byDefault: '-createdAt',
      valueOf: (snapshot, field) => snapshot[field as 'createdAt' | 'name' | 'tenantCluster'],
      keyOf: ({ operationId, name }) => `${operationId} ${name}`,
    },
  );
}
