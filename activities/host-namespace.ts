import { labels } from '../contracts/names.ts';
import type { TenantRef } from '../contracts/tenant-ref.ts';
import type { TenantDeps } from './dependencies.ts';
import { notePlace } from './instance.ts';
import {
  deleteOwnedNamespace,
  type NamespaceDeletion,
  waitUntilNamespaceDeleted,
} from './owned-namespace.ts';

/** The tenant cluster's namespace in its connected cluster. All are idempotent by tenant and throw `cluster_unreachable`. */
export function createHostNamespaceActivities(deps: TenantDeps) {
  const { hosts } = deps;
  return {
    /**
     * Creates the namespace, and then notes it as the tenant cluster's place, in `spec.clusterRef` and in our own
     * database: one that never got it has none.
     * @throws PlatformError `conflict` if there is one that belongs to something else
     */
    async applyHostNamespace({ tenant }: { tenant: TenantRef }): Promise<void> {
      const host = await hosts.create(tenant, {
        [labels.managed]: 'true',
        [labels.project]: tenant.project,
        [labels.tenantCluster]: tenant.name,
      });
      await notePlace(deps, host);
    },

    /** Starts the deletion of the namespace; one that is gone or not ours is left alone. */
    deleteHostNamespace: ({ tenant }: { tenant: TenantRef }): Promise<NamespaceDeletion> =>
      deleteOwnedNamespace(hosts, tenant),

    /** Waits until the namespace and the volumes of its claims are gone, with heartbeats. No effects. */
    waitForHostNamespaceDeleted: ({
      tenant,
      volumes,
    }: {
      tenant: TenantRef;
      volumes?: readonly string[];
    }): Promise<void> => waitUntilNamespaceDeleted(hosts, tenant, volumes),
  };
}
