import { eventPlurals } from '../../../contracts/events.ts';
import { managementGroup, managementVersion } from '../../../contracts/names.ts';
import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import { kubernetesRequest } from '../../../domain/requests/kubernetes-request.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';

/** The kinds whose lists and watches show each caller only visible objects; no other is filtered. */
export const filteredPlurals = eventPlurals;
export type FilteredPlural = (typeof filteredPlurals)[number];

/** A list or watch of one of the filtered kinds. */
export interface FilteredRequest {
  readonly plural: FilteredPlural;
  /** Absent: cluster-scoped, or over all namespaces. */
  readonly namespace?: string;
  /** The one object that its field selector leaves: an API server authorises such a list like a read of that object. */
  readonly name?: string;
  readonly verb: 'list' | 'watch';
  /** Path of the collection, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

const base = `/apis/${managementGroup}/${managementVersion}/`;

/** What `method` and `target` ask for, if it is a list or watch of a filtered kind in the management API. */
export function filteredRequest(method: string, target: KubernetesTarget): FilteredRequest | undefined {
  if (target.kind !== 'management' || method !== 'GET') return undefined;
  const [path = '', ...rest] = target.upstreamPath.split('?');
  if (!path.startsWith(base)) return undefined;
  const match = /^(?:namespaces\/(p-[a-z0-9-]+)\/)?([a-z]+)$/.exec(path.slice(base.length));
  const [, namespace, resource] = match ?? [];
  const plural = filteredPlurals.find((one) => one === resource);
  if (plural === undefined || (namespace !== undefined && !resourceKinds[plural].namespaced))
    return undefined;
  const { verb, resource: asked } = kubernetesRequest(method, target.upstreamPath);
  return {
    plural,
    verb: verb === 'watch' ? 'watch' : 'list',
    path,
    query: new URLSearchParams(rest.join('?')),
    ...(namespace === undefined ? {} : { namespace }),
    ...(asked?.name === undefined ? {} : { name: asked.name }),
  };
}
