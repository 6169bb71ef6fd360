import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { VirtualClusterSummary } from '../../contracts/virtual-cluster-summary.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { Gateway } from '../gateway.ts';
import { present, summaryOf, visibleSummaries } from '../operations/summaries.ts';
import { callerOf } from '../plugins/access.ts';
import { DnsLabel, problemResponses } from '../http/parameters.ts';

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
      const { project } = request.query;
      const all = gateway.directory.instances().map(summarize);
      return { items: await visibleSummaries(gateway, { kind: 'tenant', identity, project }, all) };
    },
  );
}

function summarize(tenant: VirtualClusterInstance): VirtualClusterSummary {
  return {
    ...summaryOf(tenant),
    ...present({
      template: tenant.spec?.templateRef?.name,
      kubernetesVersion: tenant.status?.kubernetesVersion,
      chartVersion: tenant.status?.virtualCluster?.helmRelease?.chart?.version,
    }),
  };
}
