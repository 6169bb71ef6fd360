import { queryOptions } from '@tanstack/react-query';
import { send } from './send.ts';
import type { ObjectType } from './kubernetes-objects.ts';
import type { TenantApi } from './tenant-api.ts';

/** A kind that the API server has, and what can be done with it. */
export interface DiscoveredType extends ObjectType {
  readonly verbs: readonly string[];
}

/** Aggregated discovery: all groups in one answer (Kubernetes 1.27; of 1.30 on as v2). */
const accept = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

interface GroupList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly kind?: string };
        readonly scope: 'Namespaced' | 'Cluster';
        readonly verbs?: readonly string[];
      }[];
    }[];
  }[];
}

/** All kinds that the API server has, each in the version that it prefers. */
export function discoveryQuery(api: TenantApi) {
  return queryOptions({
    queryKey: [...api.key, 'discovery'] as const,
    staleTime: 60_000,
    retry: false,
    queryFn: async ({ signal }) => {
      const lists = await Promise.all(
        ['/api', '/apis'].map((path) =>
          send<GroupList>({ path: `${api.base}${path}`, headers: { ...api.headers, accept }, signal }),
        ),
      );
      return lists.flatMap(typesOf);
    },
  });
}

function typesOf({ items = [] }: GroupList): DiscoveredType[] {
  const found = new Map<string, DiscoveredType>();
  for (const { metadata, versions = [] } of items)
    for (const { version, resources = [] } of versions) // the preferred one comes first
      for (const { resource: plural, responseKind, scope, verbs = [] } of resources) {
        const group = metadata?.name ?? '';
        const name = `${plural}.${group}`;
        if (found.has(name)) continue;
        const kind = responseKind?.kind ?? plural;
        found.set(name, { group, version, plural, kind, isNamespaced: scope === 'Namespaced', verbs });
      }
  return [...found.values()];
}

/** The type that a manifest or an owner reference names. */
export function typeOfKind(
  types: readonly ObjectType[],
  {
    apiVersion = '',
    kind = '',
  }: { readonly apiVersion?: string | undefined; readonly kind?: string | undefined },
): ObjectType | undefined {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const found = types.find((type) => type.group === group && type.kind === kind);
  return found === undefined ? undefined : { ...found, version };
}
