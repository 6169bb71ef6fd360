import { syncSpaceRbac } from '../adapters/kubernetes/space-rbac.ts';
import type { SpaceRef } from '../contracts/space-ref.ts';
import { spaceGrants } from '../domain/space-grants.ts';
import type { TenantDeps } from './dependencies.ts';
import { managementCall } from './instance-access.ts';
import { findSpace, spaceNotFound } from './space-instance-access.ts';

/** RBAC in the namespace of a space. controllers/space-access.ts keeps it in step afterwards. */
export function createSpaceAccessActivities({
  clusters,
  resources,
}: Pick<TenantDeps, 'clusters' | 'resources'>) {
  return {
    /**
     * Brings bindings in step. Idempotent by space: the newest access wins.
     * @throws PlatformError `space_not_found`, `cluster_unreachable`, `management_unavailable`
     */
    async applySpaceAccess({ space }: { space: SpaceRef }): Promise<void> {
      const [client, found, project] = await Promise.all([
        clusters.client(space.cluster),
        findSpace(resources, space),
        managementCall(`reading project ${space.project}`, resources.projects.get({ name: space.project })),
      ]);
      if (!found) throw spaceNotFound(space);
      await syncSpaceRbac(client, space.hostNamespace, spaceGrants(found, project).grants);
    },
  };
}
