import { labels } from '../contracts/names.ts';
import type { SpaceRef } from '../contracts/space-ref.ts';
import type { TenantDeps } from './dependencies.ts';
import { ownedNamespaces } from './owned-namespace.ts';

/** No pod of a space may take over its node; an administrator of the connected cluster may loosen or tighten it. */
const podSecurity = { 'pod-security.kubernetes.io/enforce': 'baseline' };

/**
 * The space's namespace in its connected cluster. All are idempotent by space and throw `cluster_unreachable`. It has
 * not the label by which the embedded node runs pods: that node isolates nothing (deploy/local/node).
 */
export function createSpaceNamespaceActivities({ clusters }: Pick<TenantDeps, 'clusters'>) {
  const namespaces = ownedNamespaces(clusters);
  return {
    /** Creates the namespace. @throws PlatformError `conflict` if there is one that belongs to something else */
    applySpaceNamespace: ({ space }: { space: SpaceRef }): Promise<void> =>
      namespaces.apply(space, {
        [labels.project]: space.project,
        [labels.space]: space.name,
        ...podSecurity,
      }),

    /** Starts the deletion of the namespace; one that is gone or not ours is left alone. */
    deleteSpaceNamespace: ({ space }: { space: SpaceRef }): Promise<void> => namespaces.delete(space),

    /** Waits until the namespace and the volumes of its claims are gone, with heartbeats. No effects. */
    waitForSpaceNamespaceDeleted: ({ space }: { space: SpaceRef }): Promise<void> =>
      namespaces.waitUntilDeleted(space),
  };
}
