import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { recordAccess } from '../authorization/record-access.ts';
import { targetNotFound } from '../authorization/target-access.ts';
import type { Gateway } from '../gateway.ts';
import { dnsLabel, InstancePath, ProjectPath, searchText } from '../http/parameters.ts';
import { allowed, namedSnapshot } from '../operations/named-snapshot.ts';
import { callerOf } from '../plugins/access.ts';

const SnapshotList = Type.Object(
  { items: Type.Array(Type.Ref('Snapshot')) },
  { $id: 'SnapshotList', description: 'Snapshots, newest first', additionalProperties: false },
);
const SnapshotPath = Type.Interface([InstancePath], { snapshot: dnsLabel('Name of the snapshot') });

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
    '/api/v1/projects/:project/virtualclusters/:name/snapshots',
    {
      config: {
        access: 'authenticated',
        scope: 'virtualclusterinstances',
        failures: ['tenant_cluster_not_found'],
      },
      schema: {
        summary: 'Snapshots of a tenant cluster, newest first',
        description:
          'Snapshots of the tenant cluster. Those of a tenant cluster that is gone stay for a while, for the administrators of its project.',
        operationId: 'listSnapshots',
        tags: ['snapshots'],
        params: InstancePath,
        response: { 200: Type.Ref('SnapshotList') },
      },
    },
    async (request) => {
      const { project, name } = request.params;
      const access = accessOf(request, project);
      if ((await access.visible('tenant', name)) === undefined)
        throw targetNotFound({ kind: 'tenant', project, name });
      return { items: await allowed(access, 'get', await gateway.operations.snapshots({ project, name })) };
    },
  );

  app.get(
    '/api/v1/projects/:project/snapshots',
    {
      config: { access: 'authenticated', scope: 'reviewed' },
      schema: {
        summary: 'Snapshots of a project that you may see, newest first',
        description: 'Snapshots of all tenant clusters of the project that you may see.',
        operationId: 'listProjectSnapshots',
        tags: ['snapshots'],
        params: ProjectPath,
        response: { 200: Type.Ref('SnapshotList') },
      },
    },
    async (request) => {
      const { project } = request.params;
      const all = await gateway.operations.snapshots({ project });
      return { items: await allowed(accessOf(request, project), 'get', all) };
    },
  );

  app.delete(
    '/api/v1/projects/:project/virtualclusters/:name/snapshots/:snapshot',
    {
      config: {
        access: 'authenticated',
        scope: 'virtualclusterinstances',
        failures: ['tenant_cluster_not_found', 'snapshot_not_found', 'conflict', 'temporal_unavailable'],
      },
      schema: {
        summary: 'Delete a snapshot and its file',
        description:
          'Removes the snapshot from the list at once; its file is deleted by the worker, some moments later.',
        operationId: 'deleteSnapshot',
        tags: ['snapshots'],
        params: SnapshotPath,
        querystring: Type.Object(
          {
            uid: Type.Optional(
              searchText(
                64,
                'uid of the tenant cluster, if it was deleted or its name is in use by another one',
              ),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          202: Type.Object(
            { deleting: Type.String({ description: 'Name of the snapshot' }) },
            { description: 'The snapshot is being deleted' },
          ),
        },
      },
    },
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
