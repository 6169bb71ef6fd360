import type { AccessKey } from '../../contracts/resources/access-key.ts';
import { defaultAccessKeysPerOwner } from '../../contracts/resources/access-key-count.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

/**
 * `status.accessKeys` of users and teams: how many keys they have and may have, for the policy that bounds keys made as
 * resources (deploy/management/policy-key-bounds.yaml); those that people make for themselves the gateway counts.
 */
export function accessKeyCounts(context: ControllerContext): Controller {
  const { caches, resources, accessKeysPerOwner: most = defaultAccessKeysPerOwner } = context;

  return {
    name: 'access-key-counts',
    /** @param key `users/<name>` or `teams/<name>` */
    async reconcile(key) {
      const isUser = key.startsWith('users/');
      const name = key.slice(key.indexOf('/') + 1);
      const owner = isUser ? caches.users.get(name) : caches.teams.get(name);
      if (owner === undefined) return undefined;
      const count = caches.accesskeys
        .list()
        .filter((accessKey) => ownerOf(accessKey) === key && accessKey.spec.type !== 'Login').length;
      const reported = owner.status?.accessKeys;
      if (reported?.count === count && reported.most === most) return resync;
      if (isUser) await resources.users.patchStatus({ name }, { accessKeys: { count, most } });
      else await resources.teams.patchStatus({ name }, { accessKeys: { count, most } });
      return resync;
    },
    watch(add) {
      const owners = new Map<string, string>();
      caches.accesskeys.onChange((name) => {
        const accessKey = caches.accesskeys.get(name);
        const owner = accessKey === undefined ? owners.get(name) : ownerOf(accessKey);
        // A change of one that is known (its last use, say) is none of the count.
        if (owner === undefined || (accessKey !== undefined && owners.get(name) === owner)) return;
        if (accessKey === undefined) owners.delete(name);
        else owners.set(name, owner);
        add(owner);
      });
      caches.users.onChange((name) => add(`users/${name}`));
      caches.teams.onChange((name) => add(`teams/${name}`));
    },
  };
}

function ownerOf({ spec: { user, team } }: AccessKey): string | undefined {
  if (user) return `users/${user}`;
  return team ? `teams/${team}` : undefined;
}
