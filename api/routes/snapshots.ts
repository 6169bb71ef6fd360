import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../contracts/errors.ts';
import { instanceAction } from '../access/action.ts';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';
import { DnsLabel, problemResponses, ProjectPath, TenantPath } from './parameters.ts';

const SnapshotList = Type.Object(
  { items: Type.Array(Type.Ref('Snapshot')) },
  { $id: 'SnapshotList', additionalProperties: false },
);
const SnapshotPath = Type.Object({ project: DnsLabel, name: DnsLabel, snapshot: DnsLabel });

/** The catalogue of snapshots. They outlive their tenant cluster until they are deleted by name. */
export async function snapshotRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.addSchema(SnapshotList);
  const mayDo = (request: Parameters<typeof callerOf>[0], verb: string, project: string, name: string) =>
    gateway.review.allows(callerOf(request).identity, instanceAction(verb, project, name));

  app.get(
    '/api/v1/projects/:project/virtualclusters/:name/snapshots',
    {
      config: { access: 'authenticated', scope: 'virtualclusterinstances' },
      schema: {
        summary: 'Snapshots of a tenant cluster, newest first',
        operationId: 'listSnapshots',
        tags: ['snapshots'],
        params: TenantPath,
        response: { 200: Type.Ref('SnapshotList'), ...problemResponses },
      },
    },
    async (request) => {
      const { project, name } = request.params;
      if (!(await mayDo(request, 'get', project, name))) throw notVisible(project, name);
      return { items: await gateway.operations.snapshots({ project, name }) };
    },
  );

  app.get(
    '/api/v1/projects/:project/snapshots',
    {
      config: { access: 'authenticated', scope: 'reviewed' },
      schema: {
        summary: 'Snapshots of a project that you may see, newest first',
        operationId: 'listProjectSnapshots',
        tags: ['snapshots'],
        params: ProjectPath,
        response: { 200: Type.Ref('SnapshotList'), ...problemResponses },
      },
    },
    async (request) => {
      const { project } = request.params;
      const all = await gateway.operations.snapshots({ project });
      const visible = await Promise.all(
        all.map(({ tenantCluster }) => mayDo(request, 'get', project, tenantCluster)),
      );
      return { items: all.filter((_snapshot, index) => visible[index]) };
    },
  );

  app.delete(
    '/api/v1/projects/:project/virtualclusters/:name/snapshots/:snapshot',
    {
      config: { access: 'authenticated', scope: 'virtualclusterinstances' },
      schema: {
        summary: 'Delete a snapshot and its file',
        operationId: 'deleteSnapshot',
        tags: ['snapshots'],
        params: SnapshotPath,
        response: { 202: Type.Object({ deleting: Type.String() }), ...problemResponses },
      },
    },
    async (request, reply) => {
      const { project, name, snapshot } = request.params;
      if (!(await mayDo(request, 'get', project, name))) throw notVisible(project, name);
      if (!(await mayDo(request, 'update', project, name))) {
        throw new PlatformError(
          'forbidden',
          `you may not delete snapshots of tenant cluster ${name} of project ${project}`,
        );
      }
      await gateway.operations.deleteSnapshot(
        { project, tenantCluster: name, name: snapshot },
        callerOf(request).identity.user,
      );
      return reply.code(202).send({ deleting: snapshot });
    },
  );
}

function notVisible(project: string, name: string): PlatformError {
  return new PlatformError(
    'tenant_cluster_not_found',
    `there is no tenant cluster "${name}" in project "${project}", or you may not see it`,
  );
}
