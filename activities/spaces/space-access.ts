import { callManagement } from '../../adapters/kubernetes/failures.ts';
import { syncSpaceRbac } from '../../adapters/space-rbac.ts';
import type { SpaceRef } from '../../contracts/instance-ref.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { spaceGrants } from '../../domain/access/space-grants.ts';
import type { TenantDeps } from '../dependencies.ts';
import { readInstance, templateOf } from '../instances/instance-access.ts';

/** RBAC in the namespace of a space. controllers/spaces/space-access.ts reconciles it afterwards. */
export function createSpaceAccessActivities({ hosts, resources }: Pick<TenantDeps, 'hosts' | 'resources'>) {
  return {
    /**
     * Reconciles bindings. Idempotent by space: the newest access wins.
     * @throws PlatformError `space_not_found`, what HostNamespaces.prove throws, `cluster_unreachable`, `management_unavailable`
     */
    async applySpaceAccess({ space }: { space: SpaceRef }): Promise<void> {
      const host = await hosts.prove(space);
      const [found, project] = await Promise.all([
        readInstance<'space'>(resources, space),
        callManagement(`reading project ${space.project}`, resources.projects.get({ name: space.project })),
      ]);
      const template = await templateOf(resources, 'space', found);
      const access = descriptorOf('space').templateAccess(found, template);
      await syncSpaceRbac(host, spaceGrants(found, access, project).grants);
    },
  };
}
