import { labels } from '../contracts/names.ts';
import type { SpaceRef } from '../contracts/space-ref.ts';
import type { TenantDeps } from './dependencies.ts';
import {
  deleteOwnedNamespace,
  type NamespaceDeletion,
  waitUntilNamespaceDeleted,
} from './owned-namespace.ts';
import { noteSpacePlace } from './space-instance.ts';

/** No pod of a space may take over its node; an administrator of the connected cluster may loosen or tighten it. */
const podSecurity = { 'pod-security.kubernetes.io/enforce': 'baseline' };

/**
 * The space's namespace in its connected cluster. All are idempotent by space and throw `cluster_unreachable`. It has
 * not the label by which the embedded node runs pods: that node isolates nothing (node).
 */
export function createSpaceNamespaceActivities(deps: TenantDeps) {
  const { hosts } = deps;
  return {
    /**
     * Creates the namespace, and then notes it as the space's place, in `spec.clusterRef` and in our own database: one
     * that never got it has none.
     * @throws PlatformError `conflict` if there is one that belongs to something else
     */
    async applySpaceNamespace({ space }: { space: SpaceRef }): Promise<void> {
      const host = await hosts.create(space, {
        [labels.project]: space.project,
        [labels.space]: space.name,
        ...podSecurity,
      });
      await noteSpacePlace(deps, host);
    },

    /** Starts the deletion of the namespace; one that is gone or not ours is left alone. */
    deleteSpaceNamespace: ({ space }: { space: SpaceRef }): Promise<NamespaceDeletion> =>
      deleteOwnedNamespace(hosts, space),

    /** Waits until the namespace and the volumes of its claims are gone, with heartbeats. No effects. */
    waitForSpaceNamespaceDeleted: ({
      space,
      volumes,
    }: {
      space: SpaceRef;
      volumes?: readonly string[];
    }): Promise<void> => waitUntilNamespaceDeleted(hosts, space, volumes),
  };
}
