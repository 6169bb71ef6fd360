import type { RbacObject } from '../../adapters/kubernetes/rbac-objects.ts';
import { teamGroup, userGroup } from '../../contracts/names.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

/** `spec.clusterRoles` of users and teams as bindings in the management API. A disabled user holds none, and neither does one that is being deleted. */
export function managementAccess({ caches, rbac }: ControllerContext): Controller {
  return {
    name: 'management-access',
    /** @param key `users/<name>` or `teams/<name>` */
    async reconcile(key) {
      const isUser = key.startsWith('users/');
      const name = key.slice(key.indexOf('/') + 1);
      const found = unlessDeleted(isUser ? enabledUser(name) : caches.teams.get(name));
      const roles = (found?.spec?.clusterRoles ?? []).flatMap((role) => role.name || []);
      const group = isUser ? userGroup(name) : teamGroup(name);
      await rbac.sync(
        key,
        [...new Set(roles)].map((role) => binding(key, role, group)),
      );
      return found === undefined ? undefined : resync;
    },
    watch(add) {
      caches.users.onChange((name) => add(`users/${name}`));
      caches.teams.onChange((name) => add(`teams/${name}`));
      rbac.onChange((owner) => {
        if (owner.startsWith('users/') || owner.startsWith('teams/')) add(owner);
      });
    },
  };

  function enabledUser(name: string) {
    const user = caches.users.get(name);
    return user?.spec?.disabled === true ? undefined : user;
  }
}

/** A user who is being deleted holds nothing any more: the next one of the name must not find it. */
function unlessDeleted<T extends { metadata: { deletionTimestamp?: string } }>(
  found: T | undefined,
): T | undefined {
  return found?.metadata.deletionTimestamp === undefined ? found : undefined;
}

function binding(owner: string, role: string, group: string): RbacObject {
  return {
    kind: 'ClusterRoleBinding',
    name: `vcluster-platform:${owner.replace('/', ':')}:${role}`,
    role: { kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'Group', name: group }],
  };
}
