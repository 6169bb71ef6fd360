import {
  applyRbac,
  impersonationRules,
  rbacManifest,
  type RbacObject,
} from '../../adapters/kubernetes/rbac-objects.ts';
import {
  clusterCredentialSecret,
  everybodyGroup,
  fieldManagers,
  platformNamespace,
} from '../../contracts/names.ts';
import { impersonatedNames } from '../../domain/identity-names.ts';
import { administratorGroups } from '../../domain/platform-administrators.ts';
import type { Controller, ControllerContext } from '../controller.ts';

const repairMs = 60_000;

/**
 * In every connected cluster: the names that the gateway may impersonate there (existing users and groups), and that
 * the platform's administrators administer it. Both objects, and the right to write them and no others, are in
 * deploy/connected-cluster.
 */
export function clusterIdentities({ caches, clusters }: ControllerContext): Controller {
  return {
    name: 'cluster-identities',
    groupOf: (name) => name,
    async reconcile(name) {
      const secret = `${platformNamespace}/${clusterCredentialSecret(name, 'controllers')}`;
      if (caches.clusters.get(name) === undefined || caches.platformSecrets.get(secret) === undefined)
        return undefined;
      const { kubeConfig } = await clusters.client(name);
      for (const object of desired()) {
        await applyRbac(
          kubeConfig,
          rbacManifest(object, { labels: {}, annotations: {} }),
          fieldManagers.controllers,
        );
      }
      return { requeueAfterMs: repairMs };
    },
    watch(add) {
      const addAll = () => {
        for (const { metadata } of caches.clusters.list()) add(metadata.name);
      };
      caches.clusters.onChange(add);
      caches.users.onChange(addAll);
      caches.teams.onChange(addAll);
      caches.platformSecrets.onChange(addAll);
    },
  };

  function desired(): RbacObject[] {
    const users = caches.users.list();
    const teams = caches.teams.list();
    const names = impersonatedNames(users, teams);
    return [
      {
        kind: 'ClusterRole',
        name: 'vcluster-platform:gateway-users',
        rules: impersonationRules({ users: names.users, groups: [...names.groups, everybodyGroup] }),
      },
      {
        kind: 'ClusterRoleBinding',
        name: 'vcluster-platform:administrators',
        role: { kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: administratorGroups(users, teams).map((group) => ({ kind: 'Group', name: group })),
      },
    ];
  }
}
