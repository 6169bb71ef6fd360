import type { ClusterCapabilities } from './helm.ts';
import type { ClusterClient } from '../kubernetes/client.ts';
import { callKubernetes } from '../kubernetes/failures.ts';
import { requestJson } from '../kubernetes/request.ts';
import { type DiscoveredGroup, discoverGroups } from '../kubernetes/discovery.ts';

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
    const [version, groups] = await Promise.all([
      requestJson(kubeConfig, { path: '/version' }),
      discoverGroups(kubeConfig),
    ]);
    return {
      kubeVersion: (version as { gitVersion: string }).gitVersion,
      apiVersions: groups.flatMap(apiVersionsOf),
    };
  });
}

function apiVersionsOf({ metadata, versions = [] }: DiscoveredGroup): string[] {
  const group = metadata?.name ?? '';
  return versions.flatMap(({ version, resources = [] }) => {
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const kinds = resources.flatMap(({ responseKind }) => responseKind?.kind ?? []);
    return [apiVersion, ...new Set(kinds.map((kind) => `${apiVersion}/${kind}`))];
  });
}
