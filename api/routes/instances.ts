import { setImmediate } from 'node:timers/promises';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  type InstanceSummary,
  instanceSummary,
  type ListedFields,
} from '../../contracts/instance-summaries.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { instanceList, type instanceSorts } from '../../contracts/rest/instance-lists.ts';
import { nextField } from '../../contracts/rest/pages.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { listedFields, summaryOfInstance } from '../../domain/summaries/instance-summary.ts';
import { visibleInstances } from '../authorization/visible-instances.ts';
import type { Gateway } from '../gateway.ts';
import { isNamed, pageOf, valuesOf } from '../http/pages.ts';
import { restRoute } from '../http/rest-route.ts';
import { callerOf } from '../plugins/access.ts';
import { type Reader, withComputed } from '../proxy/computed/computed-objects.ts';

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
    const { identity } = callerOf(request);
    const asked = { project: query.project, kinds: [kind] };
    const [visible] = await Promise.all([
      visibleInstances(gateway, identity, asked),
      gateway.usage.fresh(kindNames[kind].plural),
    ]);
    const fits = filterOf(query);
    const page = pageOf(
      visible
        .map(({ instance: one }) => ({ one, listed: listedFields(kind, one) }))
        .filter(({ listed }) => fits(listed)),
      query,
      {
        byDefault: 'project',
        valueOf: ({ listed }, field) => listed[field as (typeof instanceSorts)[number]],
        keyOf: ({ listed: { project, name } }) => `${project}/${name}`,
      },
    );
    // What costs more is made of those on the page alone.
    const reader = { review: gateway.review, usage: gateway.usage, identity };
    const items: InstanceSummary<ManagedKind>[] = [];
    for (const [index, { one }] of page.items.entries()) {
      items.push(summaryFor(gateway.cache, reader, kind, one));
      if (index % madeAtOnce === madeAtOnce - 1) await setImmediate();
    }
    return { ...page, items };
  });
}

/** Made before other requests have their turn: some milliseconds. */
const madeAtOnce = 200;

/** What the list says of one instance to `reader`. */
function summaryFor(
  cache: Gateway['cache'],
  reader: Reader,
  kind: ManagedKind,
  instance: ManagedInstance,
): InstanceSummary<ManagedKind> {
  const shown = withComputed(reader, kindNames[kind].plural, instance);
  const template = descriptorOf(kind).templateName(instance);
  return summaryOfInstance(kind, shown, template === undefined ? undefined : cache.template(kind, template));
}

/** Those of the fields of a query that are compared as they are. */
const notCompared: ReadonlySet<string> = new Set(['phase', 'search', 'limit', 'cursor', 'sort']);

function filterOf(query: Readonly<Record<string, string>>) {
  const phases = valuesOf(query['phase']);
  const compared = Object.entries(query).filter(([field]) => !notCompared.has(field));
  return (one: ListedFields<ManagedKind>): boolean =>
    (phases?.includes(one.phase) ?? true) &&
    compared.every(([field, value]) => one[field as 'cluster'] === value) &&
    isNamed(one, query['search']);
}
