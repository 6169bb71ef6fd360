import type { ConnectedClusters } from '../../adapters/connected-clusters.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import type { ManagementResources, Stored } from '../../adapters/kubernetes/resources.ts';
import type { ClusterRef } from '../../contracts/cluster-ref.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { managementNamespaceOf } from '../../domain/placement/host-namespace.ts';
import { readCluster } from './cluster-resource.ts';

/** What the activities of connected clusters work with. */
export interface ClusterDeps {
  /** For the platform's own objects there alone; what is an instance's, `hosts` gives. */
  readonly clusters: Pick<ConnectedClusters, 'client'>;
  readonly resources: ManagementResources;
}

/** A connected cluster, and the way into it as the worker. */
interface ClusterConnection {
  readonly record: Stored<Cluster>;
  readonly client: ClusterClient;
  /** Of the platform's own objects there. */
  readonly namespace: string;
}

/**
 * Returns the way into a connected cluster other than the platform's own.
 * @throws PlatformError `conflict`: it is the platform's own; `cluster_not_found`, `management_unavailable`
 */
export async function connectToCluster(
  { clusters, resources }: ClusterDeps,
  cluster: ClusterRef,
): Promise<ClusterConnection> {
  const record = await readCluster(resources, cluster);
  const { name } = cluster;
  if (record.spec.local === true)
    throw new PlatformError(
      'conflict',
      `cluster ${name} is the platform's own, with an agent that is part of the platform: it can be neither disconnected nor upgraded by itself`,
    );
  return { record, client: await clusters.client(name), namespace: managementNamespaceOf(record.spec) };
}
