import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { type InstanceSummary, instanceSummary } from '../../contracts/instance-summaries.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { annotations } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { instanceList, type instanceSorts } from '../../contracts/rest/instance-lists.ts';
import { nextField } from '../../contracts/rest/pages.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import { type PresentInstance, visibleInstances } from '../authorization/visible-instances.ts';
import type { Gateway } from '../gateway.ts';
import { isNamed, pageOf, valuesOf } from '../http/pages.ts';
import { restRoute } from '../http/rest-route.ts';
import { callerOf } from '../plugins/access.ts';

/** The instances of a kind that the caller may see, over all projects or in one. */
export async function instanceRoutes(
  instance: FastifyInstance,
  gateway: Gateway,
  kind: ManagedKind,
): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { documentName, noun } = kindNames[kind];
  const route = instanceList(kind);
  app.addSchema(instanceSummary(kind));
  app.addSchema(
    Type.Object(
      { items: Type.Array(Type.Ref(`${documentName}Summary`)), ...nextField },
      {
        $id: `${documentName}List`,
        description: `A page of ${noun}s`,
        additionalProperties: false,
      },
    ),
  );
  app.get(route.path, restRoute(route, { access: 'authenticated', scope: 'reviewed' }), async (request) => {
    const { query } = request;
    const asked = { project: query.project, kinds: [kind] };
    const visible = await visibleInstances(gateway, callerOf(request).identity, asked);
    const fits = filterOf(query);
    return pageOf(
      visible.map(summaryOf).filter((one) => fits(one)),
      query,
      {
        byDefault: 'project',
        valueOf: (one, field) => one[field as (typeof instanceSorts)[number]],
        keyOf: ({ project, name }) => `${project}/${name}`,
      },
    );
  });
}

/** Those of the fields of a query that are compared as they are. */
const notCompared: ReadonlySet<string> = new Set(['phase', 'search', 'limit', 'cursor', 'sort']);

function filterOf(query: Readonly<Record<string, string>>) {
  const phases = valuesOf(query['phase']);
  const compared = Object.entries(query).filter(([field]) => !notCompared.has(field));
  return (one: InstanceSummary<ManagedKind>): boolean =>
    (phases?.includes(one.phase) ?? true) &&
    compared.every(([field, value]) => one[field as 'cluster'] === value) &&
    isNamed(one, query['search']);
}

/** What a list says of an instance. */
function summaryOf({ kind, project, instance }: PresentInstance) {
  const { metadata, spec, status } = instance;
  return {
    name: metadata.name,
    project,
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
