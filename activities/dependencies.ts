import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import type { HostNamespaces } from '../adapters/host-namespaces.ts';
import type { ManagementResources } from '../adapters/kubernetes/resources.ts';
import type { OperationsDeps } from '../operations/dependencies.ts';

/** What the activities of tenant clusters work with. */
export interface TenantDeps {
  readonly operations: OperationsDeps;
  readonly resources: ManagementResources;
  /** The management API itself, for events of its resources. */
  readonly management: Pick<ClusterClient, 'kubeConfig'>;
  /** The only way into connected clusters: to what is seen to belong to a tenant cluster or space. */
  readonly hosts: HostNamespaces;
}
