import { connectCluster } from '../../adapters/kubernetes/client.ts';
import {
  applyConnectedClusterResources,
  type ClusterCredentials,
  type ConnectProxy,
  embeddedCredentials,
} from './bootstrap/connected-cluster.ts';
import { connectExternalCluster } from './bootstrap/external-cluster.ts';
import { openKubernetesCluster } from './kubernetes-cluster.ts';
import type { PlatformContext } from './platform-context.ts';
import { startLocalCluster } from './start-local-cluster.ts';

/**
 * Connected cluster `local`: the cluster of `kubeconfigFile`, or an embedded one that is started.
 * @returns what gateway and worker reach it with
 */
export async function connectLocalCluster(
  context: PlatformContext,
  kubeconfigFile: string | undefined,
  proxy: ConnectProxy,
): Promise<ClusterCredentials> {
  if (kubeconfigFile !== undefined) return connectExternalCluster(kubeconfigFile, proxy);
  const cluster = await openKubernetesCluster(context, 'local');
  await startLocalCluster(context, cluster);
  await applyConnectedClusterResources(connectCluster(cluster.adminKubeconfig));
  return embeddedCredentials(cluster, proxy);
}
