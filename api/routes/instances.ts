import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { instanceSummary } from '../../contracts/instance-summaries.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { annotations, capitalized, projectOfNamespace } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { knownPlace } from '../../domain/known-place.ts';
import { targetAction } from '../authorization/action.ts';
import type { Gateway } from '../gateway.ts';
import { dnsLabel } from '../http/parameters.ts';
import type { Identity } from '../identity/identity.ts';
import { callerOf } from '../plugins/access.ts';

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
      {
        $id: listName,
        description: `${capitalized(noun)}s, by project and name`,
        additionalProperties: false,
      },
    ),
  );
  app.get(
    `/api/v1/${collection}`,
    {
      config: { access: 'authenticated', scope: 'reviewed', curl: { query: '?project=default' } },
      schema: {
        summary: `${capitalized(noun)}s that you may see`,
        description: `Your ${noun}s in all projects, or in one, with what is said of them in short; all of it has the resource of the management API.`,
        operationId: `list${documentName}s`,
        tags: [`${noun}s`],
        querystring: Type.Object(
          { project: Type.Optional(dnsLabel('Only those of this project')) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Ref(listName) },
      },
    },
    async (request) => {
      const { identity } = callerOf(request);
      return { items: await visibleSummaries(gateway, { kind, identity, project: request.query.project }) };
    },
  );
}

/** What a list says of the instances of a kind that `identity` may see, of one project if one is named, by project and name. */
async function visibleSummaries(
  { review, cache }: Pick<Gateway, 'review' | 'cache'>,
  { kind, identity, project }: { kind: ManagedKind; identity: Identity; project: string | undefined },
) {
  const asked = cache
    .instances(kind)
    .map((instance) => summaryOf(kind, instance))
    .filter((one) => one.project !== '' && (project ?? one.project) === one.project);
  const visible = await review.filter(identity, asked, (one) =>
    targetAction('get', { kind, project: one.project, name: one.name }),
  );
  return visible.toSorted((a, b) => `${a.project}/${a.name}`.localeCompare(`${b.project}/${b.name}`));
}

function summaryOf(kind: ManagedKind, instance: ManagedInstance) {
  const { metadata, spec, status } = instance;
  return {
    name: metadata.name,
    project: projectOfNamespace(metadata.namespace ?? '') ?? '',
    phase: metadata.deletionTimestamp === undefined ? status?.phase || 'Pending' : 'Terminating',
    ...present({
      displayName: spec?.displayName,
      cluster: knownPlace(instance).cluster,
      reason: status?.reason,
      message: status?.message,
      createdAt: metadata.creationTimestamp,
      sleepingSince: metadata.annotations?.[annotations.sleepingSince],
      ...nextAttemptOf(instance),
      lastOperation: status?.lastOperation?.id,
      ...descriptorOf(kind).summary(instance),
    }),
  };
}

function nextAttemptOf({ status }: ManagedInstance) {
  const { message, at } = status?.nextAttempt ?? {};
  return { nextAttempt: message, nextAttemptAt: at };
}

/** Those of `fields` that say something. */
function present<T extends Record<string, string | undefined>>(fields: T): { [K in keyof T]?: string } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [K in keyof T]?: string };
}
