import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { ManagedKind } from '../../contracts/kinds.ts';
import {
  type previewSorts,
  type ProjectUsageItem,
  ProjectUsageList,
  type projectUsageSorts,
  type UsageItem,
  UsageList,
  UsagePreview,
  type UsagePreviewItem,
  usageRoutes as routes,
  type usageSorts,
} from '../../contracts/rest/usage-routes.ts';
import type { Gateway } from '../gateway.ts';
import { isNamed, pageOf, valuesOf } from '../http/pages.ts';
import { restRoute } from '../http/rest-route.ts';
import { callerOf } from '../plugins/access.ts';
import { usageOfProjects, visibleUsage } from '../usage/usage-list.ts';
import { previewUsage } from '../usage/usage-preview.ts';

/** How long instances were awake and asleep, and what a policy would have saved. */
export async function usageRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  for (const schema of [UsageList, ProjectUsageList, UsagePreview]) app.addSchema(schema);
  const config = { access: 'authenticated', scope: 'reviewed' } as const;

  app.get(routes.listUsage.path, restRoute(routes.listUsage, config), async (request) => {
    const { query } = request;
    const { project, search } = query;
    const kinds = valuesOf(query.kind) as readonly ManagedKind[] | undefined;
    const items = await visibleUsage(gateway, callerOf(request), { project, kinds });
    return pageOf(
      items.filter((one) => isNamed(one, search)),
      query,
      { byDefault: 'project', valueOf: usageField, keyOf: keyOfInstance },
    );
  });

  app.get(routes.listProjectUsage.path, restRoute(routes.listProjectUsage, config), async (request) => {
    const { query } = request;
    const items = await visibleUsage(gateway, callerOf(request), { project: query.project });
    return pageOf(usageOfProjects(items), query, {
      byDefault: 'project',
      valueOf: projectField,
      keyOf: ({ project }) => project,
    });
  });

  app.get(routes.previewUsage.path, restRoute(routes.previewUsage, config), async (request) => {
    const { query } = request;
    const { items, ...preview } = await previewUsage(gateway, callerOf(request), query);
    const page = pageOf(items, query, { byDefault: 'name', valueOf: previewField, keyOf: keyOfInstance });
    return { ...preview, ...page };
  });
}

function keyOfInstance({
  project,
  name,
  kind,
  uid,
}: Pick<UsageItem, 'project' | 'name' | 'kind' | 'uid'>): string {
  return `${project}/${name}/${kind}/${uid}`;
}

function usageField(item: UsageItem, field: string): string {
  const of = field as (typeof usageSorts)[number];
  return of === 'project' || of === 'name' ? item[of] : awakeIn(item, of);
}

function projectField(item: ProjectUsageItem, field: string): string {
  const of = field as (typeof projectUsageSorts)[number];
  return of === 'project' ? item.project : awakeIn(item, of);
}

function awakeIn(
  { lastSevenDays, lastThirtyDays }: Pick<UsageItem, 'lastSevenDays' | 'lastThirtyDays'>,
  of: 'awakeSevenDays' | 'awakeThirtyDays',
): string {
  return sortable((of === 'awakeSevenDays' ? lastSevenDays : lastThirtyDays).awakeSeconds);
}

function previewField(item: UsagePreviewItem, field: string): string {
  return (field as (typeof previewSorts)[number]) === 'name' ? item.name : sortable(item.savedSeconds);
}

/** A number as a text that is sorted as numbers are: more than a million years of seconds, or as many less than none. */
function sortable(value: number): string {
  return String(value + 1e14).padStart(15, '0');
}
