import type { ConnectedClusters } from '../adapters/connected-clusters.ts';
import type { ManagementResources } from '../adapters/kubernetes/resources.ts';
import type { OperationsDeps } from '../operations/dependencies.ts';

/** What the activities of tenant clusters work with. */
export interface TenantDeps {
  readonly operations: OperationsDeps;
  readonly resources: ManagementResources;
  readonly clusters: ConnectedClusters;
}
