import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { VirtualClusterSummary } from '../../contracts/virtual-cluster-summary.ts';
import { annotations, projectOfNamespace } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { instanceAction } from '../access/action.ts';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';
import { DnsLabel, problemResponses } from './parameters.ts';

const VirtualClusterList = Type.Object(
  { items: Type.Array(Type.Ref('VirtualClusterSummary')) },
  { $id: 'VirtualClusterList', additionalProperties: false },
);

/** The tenant clusters that the caller may see, over all projects or in one. */
export async function virtualClusterRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.addSchema(VirtualClusterSummary);
  app.addSchema(VirtualClusterList);
  app.get(
    '/api/v1/virtualclusters',
    {
      config: { access: 'authenticated', scope: 'reviewed' },
      schema: {
        summary: 'Tenant clusters that you may see',
        operationId: 'listVirtualClusters',
        tags: ['tenant clusters'],
        querystring: Type.Object({ project: Type.Optional(DnsLabel) }, { additionalProperties: false }),
        response: { 200: Type.Ref('VirtualClusterList'), ...problemResponses },
      },
    },
    async (request) => {
      const { identity } = callerOf(request);
      const all = gateway.directory
        .instances()
        .map(summarize)
        .filter(({ project }) => project !== '' && (request.query.project ?? project) === project);
      const visible = await Promise.all(
        all.map(({ project, name }) => gateway.review.allows(identity, instanceAction('get', project, name))),
      );
      const items = all.filter((_summary, index) => visible[index]);
      return {
        items: items.toSorted((a, b) => `${a.project}/${a.name}`.localeCompare(`${b.project}/${b.name}`)),
      };
    },
  );
}

function summarize({ metadata, spec, status }: VirtualClusterInstance): VirtualClusterSummary {
  const chart = status?.virtualCluster?.helmRelease?.chart;
  const optional = {
    displayName: spec?.displayName,
    cluster: spec?.clusterRef?.cluster,
    template: spec?.templateRef?.name,
    kubernetesVersion: status?.kubernetesVersion,
    chartVersion: chart?.version,
    reason: status?.reason,
    message: status?.message,
    createdAt: metadata.creationTimestamp,
    sleepingSince: metadata.annotations?.[annotations.sleepingSince],
    lastOperation: status?.lastOperation?.id,
  };
  return {
    name: metadata.name,
    project: projectOfNamespace(metadata.namespace ?? '') ?? '',
    phase: metadata.deletionTimestamp === undefined ? status?.phase || 'Pending' : 'Terminating',
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined && value !== ''),
    ) as Partial<VirtualClusterSummary>),
  };
}
