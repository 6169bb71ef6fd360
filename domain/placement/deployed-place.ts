import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';

/** Where a tenant cluster's release stands. */
export interface DeployedPlace {
  readonly cluster: string;
  readonly namespace: string;
  readonly release: string;
}

/**
 * Where the worker deployed the tenant cluster, after it had seen that the namespace is its own; undefined before that.
 * Only the worker writes `status`. `spec.clusterRef` is what was asked for: it proves nothing.
 */
export function deployedPlace({ metadata, status }: VirtualClusterInstance): DeployedPlace | undefined {
  const { cluster, namespace, virtualCluster } = status?.virtualCluster?.clusterRef ?? {};
  return cluster && namespace ? { cluster, namespace, release: virtualCluster || metadata.name } : undefined;
}
