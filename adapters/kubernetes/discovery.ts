import { type ApiTarget, requestJson } from './request.ts';

/** A group of resources as a server tells it in one answer; the core group has no name. */
export interface DiscoveredGroup {
  readonly metadata?: { readonly name?: string };
  /** The preferred one first. */
  readonly versions?: readonly {
    readonly version: string;
    /** `Stale`: the server that serves it did not answer, and what it has is not known. */
    readonly freshness?: string;
    readonly resources?: readonly {
      readonly resource: string;
      readonly scope?: string;
      readonly verbs?: readonly string[];
      readonly responseKind?: { readonly kind?: string };
    }[];
  }[];
}

const accept = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',');

/**
 * All groups of a server, by the aggregated discovery that every Kubernetes from 1.27 has.
 * @throws what `requestJson` throws
 */
export async function discoverGroups(kubeConfig: ApiTarget): Promise<readonly DiscoveredGroup[]> {
  const answers = await Promise.all(
    ['/api', '/apis'].map((path) => requestJson(kubeConfig, { path, accept })),
  );
  return (answers as { items: DiscoveredGroup[] }[]).flatMap(({ items }) => items);
}
