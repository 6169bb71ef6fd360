import { applyObject } from '../../adapters/kubernetes/apply-object.ts';
import { accessKeyBounds, fieldManagers, platformNamespace } from '../../contracts/names.ts';
import type { AccessKey } from '../../contracts/resources/access-key.ts';
import { defaultAccessKeysPerOwner } from '../../contracts/resources/access-key-count.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

/**
 * How many access keys users and teams have and may have: in their `status.accessKeys`, and for the policy that bounds
 * keys made as resources (deploy/management/policy-key-bounds.yaml) who has as many as possible, in a ConfigMap. Keys
 * that people make for themselves the gateway counts.
 */
export function accessKeyCounts(context: ControllerContext): Controller {
  const { caches, client, resources, accessKeysPerOwner: most = defaultAccessKeysPerOwner } = context;

  /** Keys of each owner, by `users/<name>` or `teams/<name>`. */
  function countByOwner(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const accessKey of caches.accesskeys.list()) {
      const owner = ownerOf(accessKey);
      if (owner === undefined || accessKey.spec.type === 'Login') continue;
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    return counts;
  }

  async function writeBounds(kind: 'users' | 'teams'): Promise<void> {
    const atBound = [...countByOwner()].filter(
      ([owner, count]) => owner.startsWith(`${kind}/`) && count >= most,
    );
    const data = Object.fromEntries(
      atBound.map(([owner, count]) => [owner.slice(kind.length + 1), String(count)]),
    );
    const metadata = { name: accessKeyBounds[kind], namespace: platformNamespace };
    const bounds = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    await applyObject(client.kubeConfig, bounds, fieldManagers.controllers);
  }

  return {
    name: 'access-key-counts',
    /** @param key `users/<name>` or `teams/<name>`; `users` or `teams` for those who have as many as possible */
    async reconcile(key) {
      if (key === 'users' || key === 'teams') {
        await writeBounds(key);
        return resync;
      }
      const isUser = key.startsWith('users/');
      const name = key.slice(key.indexOf('/') + 1);
      const owner = isUser ? caches.users.get(name) : caches.teams.get(name);
      if (owner === undefined) return undefined;
      const count = countByOwner().get(key) ?? 0;
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
        add(owner.startsWith('users/') ? 'users' : 'teams');
      });
      for (const kind of ['users', 'teams']) add(kind); // nobody may have a key any more
      caches.users.onChange((name) => add(`users/${name}`));
      caches.teams.onChange((name) => add(`teams/${name}`));
    },
  };
}

function ownerOf({ spec: { user, team } }: AccessKey): string | undefined {
  if (user) return `users/${user}`;
  return team ? `teams/${team}` : undefined;
}
