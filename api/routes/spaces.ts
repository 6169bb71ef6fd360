import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { annotations, projectOfNamespace } from '../../contracts/names.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import { SpaceSummary } from '../../contracts/space-summary.ts';
import { spaceAction } from '../access/action.ts';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';
import { DnsLabel, problemResponses } from './parameters.ts';

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
      const all = gateway.directory
        .spaces()
        .map(summarize)
        .filter(({ project }) => project !== '' && (request.query.project ?? project) === project);
      const visible = await Promise.all(
        all.map(({ project, name }) => gateway.review.allows(identity, spaceAction('get', project, name))),
      );
      const items = all.filter((_summary, index) => visible[index]);
      return {
        items: items.toSorted((a, b) => `${a.project}/${a.name}`.localeCompare(`${b.project}/${b.name}`)),
      };
    },
  );
}

function summarize({ metadata, spec, status }: SpaceInstance): SpaceSummary {
  const optional = {
    displayName: spec?.displayName,
    cluster: spec?.clusterRef?.cluster,
    namespace: spec?.clusterRef?.namespace,
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
    ) as Partial<SpaceSummary>),
  };
}
