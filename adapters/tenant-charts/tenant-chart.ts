import type { KubernetesObject } from '@kubernetes/client-node';
import type { TenantHost } from '../host-namespaces.ts';
import type { ChartContract } from '../../templates/manifest-contract.ts';
import type { TenantWorkload } from './tenant-workload.ts';

export interface TenantPki {
  /** Keys and PEM or kubeconfig texts of the Secret that the control plane takes its keys from. */
  pki: Record<string, string>;
  /** Administrator kubeconfig for Secret `vc-<name>`. */
  kubeconfig: string;
}

/** What the platform must know of a chart that makes control planes, and what differs from one to the other. */
export interface TenantChart extends ChartContract {
  /** ClusterRole of connected clusters that Helm has in the host namespace (deploy/charts/vcluster-platform/connected-cluster/helm.yaml). */
  readonly helmRole: string;
  /** New keys for the Secret of `keysSecret`. Every call makes different ones. */
  createKeys(tenant: { name: string; hostNamespace: string }): Promise<TenantPki>;
  /**
   * What a snapshot or restore Job takes over from its control plane.
   * @throws PlatformError `tenant_cluster_not_found`; `invalid_request` if its data cannot be saved; `cluster_unreachable`
   */
  readWorkload(host: TenantHost): Promise<TenantWorkload>;
  /** Name of the seed from which the store of a rendered control plane may start, or why from none; undefined if the chart takes none. */
  readonly seedOf?:
    | ((objects: readonly KubernetesObject[]) => { name: string } | { missing: string })
    | undefined;
  /** Values that an upgrade of a sleeping tenant cluster needs to leave it asleep; none if the chart renders no replicas. */
  readonly asleepValues?: Record<string, unknown>;
}
