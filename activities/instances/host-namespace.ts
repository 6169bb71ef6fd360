import type { InstanceRef, SpaceRef, TenantRef } from '../../contracts/instance-ref.ts';
import { kindNames, kindOf } from '../../contracts/kinds.ts';
import { labels } from '../../contracts/names.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import type { TenantDeps } from '../dependencies.ts';
import { notePlace } from './instance-place.ts';
import {
  deleteOwnedNamespace,
  type NamespaceDeletion,
  waitUntilNamespaceDeleted,
} from './owned-namespace.ts';

/**
 * The namespace of an instance in its connected cluster, for each kind under the names that histories hold. All are
 * idempotent by instance and throw `cluster_unreachable`.
 */
export function createHostNamespaceActivities(deps: TenantDeps) {
  const { hosts } = deps;

  async function apply(target: InstanceRef): Promise<void> {
    const kind = kindOf(target);
    const host = await hosts.create<InstanceRef>(target, {
      [labels.project]: target.project,
      [kindNames[kind].label]: target.name,
      ...descriptorOf(kind).namespaceLabels,
    });
    await notePlace(deps, host);
  }

  return {
    /**
     * Creates the namespace, and then notes it as the tenant cluster's place, in `spec.clusterRef` and in our own
     * database: one that never got it has none.
     * @throws PlatformError `conflict` if there is one that belongs to something else
     */
    applyHostNamespace: ({ tenant }: { tenant: TenantRef }): Promise<void> => apply(tenant),

    /** Likewise the namespace of a space. */
    applySpaceNamespace: ({ space }: { space: SpaceRef }): Promise<void> => apply(space),

    /** Starts the deletion of the namespace; one that is gone or not ours is left alone. */
    deleteHostNamespace: ({ tenant }: { tenant: TenantRef }): Promise<NamespaceDeletion> =>
      deleteOwnedNamespace(hosts, tenant),

    /** Likewise the namespace of a space. */
    deleteSpaceNamespace: ({ space }: { space: SpaceRef }): Promise<NamespaceDeletion> =>
      deleteOwnedNamespace(hosts, space),

    /** Waits until the namespace and the volumes of its claims are gone, with heartbeats. No effects. */
    waitForHostNamespaceDeleted: ({
      tenant,
      volumes,
    }: {
      tenant: TenantRef;
      volumes?: readonly string[];
    }): Promise<void> => waitUntilNamespaceDeleted(hosts, tenant, volumes),

    /** Likewise the namespace of a space. */
    waitForSpaceNamespaceDeleted: ({
      space,
      volumes,
    }: {
      space: SpaceRef;
      volumes?: readonly string[];
    }): Promise<void> => waitUntilNamespaceDeleted(hosts, space, volumes),
  };
}
