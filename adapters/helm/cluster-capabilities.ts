import type { ClusterCapabilities } from './helm.ts';
import type { ClusterClient } from '../kubernetes/client.ts';
import { callKubernetes } from '../kubernetes/failures.ts';
import { requestJson } from '../kubernetes/request.ts';

interface Discovery {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly { readonly responseKind?: { readonly kind?: string } }[];
    }[];
  }[];
}

const aggregated = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',');
const keptMs = 5 * 60_000;
const known = new WeakMap<ClusterClient, { at: number; capabilities: Promise<ClusterCapabilities> }>();

/**
 * Version and kinds of a cluster, for charts that ask (`.Capabilities`), remembered for 5 min: by the aggregated
 * discovery that every Kubernetes from 1.27 has.
 * @throws PlatformError `cluster_unreachable`
 */
export function clusterCapabilities(client: ClusterClient): Promise<ClusterCapabilities> {
  const before = known.get(client);
  if (before !== undefined && performance.now() - before.at < keptMs) return before.capabilities;
  const capabilities = discover(client);
  known.set(client, { at: performance.now(), capabilities });
  capabilities.catch(() => known.delete(client));
  return capabilities;
}

async function discover({ kubeConfig }: ClusterClient): Promise<ClusterCapabilities> {
  return callKubernetes('asking the cluster for its version and kinds', async () => {
    const [version, core, groups] = (await Promise.all([
      requestJson(kubeConfig, { path: '/version' }),
      requestJson(kubeConfig, { path: '/api', accept: aggregated }),
      requestJson(kubeConfig, { path: '/apis', accept: aggregated }),
    ])) as [{ gitVersion: string }, Discovery, Discovery];
    return {
      kubeVersion: version.gitVersion,
      apiVersions: [...core.items, ...groups.items].flatMap(apiVersionsOf),
    };
  });
}

function apiVersionsOf({ metadata, versions = [] }: Discovery['items'][number]): string[] {
  const group = metadata?.name ?? '';
  return versions.flatMap(({ version, resources = [] }) => {
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const kinds = resources.flatMap(({ responseKind }) => responseKind?.kind ?? []);
    return [apiVersion, ...new Set(kinds.map((kind) => `${apiVersion}/${kind}`))];
  });
}
