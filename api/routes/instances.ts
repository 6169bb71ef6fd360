import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { instanceSummary } from '../../contracts/instance-summaries.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { capitalized } from '../../contracts/names.ts';
import type { Gateway } from '../gateway.ts';
import { visibleSummaries } from '../operations/summaries.ts';
import { callerOf } from '../plugins/access.ts';
import { DnsLabel, problemResponses } from '../http/parameters.ts';

/** The instances of a kind that the caller may see, over all projects or in one. */
export async function instanceRoutes(
  instance: FastifyInstance,
  gateway: Gateway,
  kind: ManagedKind,
): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { collection, documentName, noun } = kindNames[kind];
  const listName = `${documentName}List`;
  app.addSchema(instanceSummary(kind));
  app.addSchema(
    Type.Object(
      { items: Type.Array(Type.Ref(`${documentName}Summary`)) },
      { $id: listName, additionalProperties: false },
    ),
  );
  app.get(
    `/api/v1/${collection}`,
    {
      config: { access: 'authenticated', scope: 'reviewed' },
      schema: {
        summary: `${capitalized(noun)}s that you may see`,
        operationId: `list${documentName}s`,
        tags: [`${noun}s`],
        querystring: Type.Object({ project: Type.Optional(DnsLabel) }, { additionalProperties: false }),
        response: { 200: Type.Ref(listName), ...problemResponses },
      },
    },
    async (request) => {
      const { identity } = callerOf(request);
      return { items: await visibleSummaries(gateway, { kind, identity, project: request.query.project }) };
    },
  );
}
