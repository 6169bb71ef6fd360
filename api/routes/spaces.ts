import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import { SpaceSummary } from '../../contracts/space-summary.ts';
import type { Gateway } from '../gateway.ts';
import { present, summaryOf, visibleSummaries } from '../operations/summaries.ts';
import { callerOf } from '../plugins/access.ts';
import { DnsLabel, problemResponses } from '../http/parameters.ts';

const SpaceList = Type.Object(
  { items: Type.Array(Type.Ref('SpaceSummary')) },
  { $id: 'SpaceList', additionalProperties: false },
);

/** The spaces that the caller may see, over all projects or in one. */
export async function spaceRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.addSchema(SpaceSummary);
  app.addSchema(SpaceList);
  app.get(
    '/api/v1/spaces',
    {
      config: { access: 'authenticated', scope: 'reviewed' },
      schema: {
        summary: 'Spaces that you may see',
        operationId: 'listSpaces',
        tags: ['spaces'],
        querystring: Type.Object({ project: Type.Optional(DnsLabel) }, { additionalProperties: false }),
        response: { 200: Type.Ref('SpaceList'), ...problemResponses },
      },
    },
    async (request) => {
      const { identity } = callerOf(request);
      const { project } = request.query;
      const all = gateway.directory.spaces().map(summarize);
      return { items: await visibleSummaries(gateway, { kind: 'space', identity, project }, all) };
    },
  );
}

function summarize(space: SpaceInstance): SpaceSummary {
  return { ...summaryOf(space), ...present({ namespace: space.spec?.clusterRef?.namespace }) };
}
