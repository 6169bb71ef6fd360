import { labels } from '../contracts/names.ts';
import type { TenantRef } from '../contracts/tenant-ref.ts';
import type { TenantDeps } from './dependencies.ts';
import { ownedNamespaces } from './owned-namespace.ts';

/** The tenant cluster's namespace in its connected cluster. All are idempotent by tenant and throw `cluster_unreachable`. */
export function createHostNamespaceActivities({ clusters }: Pick<TenantDeps, 'clusters'>) {
  const namespaces = ownedNamespaces(clusters);
  return {
    /** Creates the namespace. @throws PlatformError `conflict` if there is one that belongs to something else */
    applyHostNamespace: ({ tenant }: { tenant: TenantRef }): Promise<void> =>
      namespaces.apply(tenant, {
        [labels.managed]: 'true',
        [labels.project]: tenant.project,
        [labels.tenantCluster]: tenant.name,
      }),

    /** Starts the deletion of the namespace; one that is gone or not ours is left alone. */
    deleteHostNamespace: ({ tenant }: { tenant: TenantRef }): Promise<void> => namespaces.delete(tenant),

    /** Waits until the namespace and the volumes of its claims are gone, with heartbeats. No effects. */
    waitForHostNamespaceDeleted: ({ tenant }: { tenant: TenantRef }): Promise<void> =>
      namespaces.waitUntilDeleted(tenant),
  };
}
