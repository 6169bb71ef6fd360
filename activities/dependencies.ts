import type { HostNamespaces } from '../adapters/host-namespaces.ts';
import type { ManagementResources } from '../adapters/kubernetes/resources.ts';
import type { OperationsDeps } from '../operations/dependencies.ts';

/** What the activities of tenant clusters work with. */
export interface TenantDeps {
  readonly operations: OperationsDeps;
  readonly resources: ManagementResources;
  /** The only way into connected clusters: to what is seen to belong to a tenant cluster or space. */
  readonly hosts: HostNamespaces;
}
