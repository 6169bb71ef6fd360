import { connectCluster } from '../adapters/kubernetes/client.ts';
import {
  applyConnectedClusterResources,
  type ClusterCredentials,
  type ConnectProxy,
  embeddedCredentials,
} from './bootstrap/connected-cluster.ts';
import { connectExternalCluster, type ExternalCluster } from './bootstrap/external-cluster.ts';
import { rememberCluster } from './bootstrap/remembered-cluster.ts';
import { openKubernetesCluster } from './kubernetes-cluster.ts';
import type { PlatformContext } from './platform-context.ts';
import { startLocalCluster } from './start-local-cluster.ts';

/**
 * Connected cluster `local`: the one that a user has, or an embedded one that is started.
 * @returns what gateway and worker reach it with
 */
export async function connectLocalCluster(
  context: PlatformContext,
  external: ExternalCluster | undefined,
  proxy: ConnectProxy,
): Promise<ClusterCredentials> {
  const credentials = await (external === undefined
    ? startEmbedded(context, proxy)
    : connectExternalCluster(external, proxy));
  rememberCluster(context.state, external?.id);
  return credentials;
}

async function startEmbedded(context: PlatformContext, proxy: ConnectProxy): Promise<ClusterCredentials> {
  const cluster = await openKubernetesCluster(context, 'local');
  await startLocalCluster(context, cluster);
  await applyConnectedClusterResources(connectCluster(cluster.adminKubeconfig));
  return embeddedCredentials(cluster, proxy);
}
