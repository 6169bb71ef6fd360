import {
  impersonationShard,
  impersonationShards,
  shardName,
} from '../../adapters/kubernetes/impersonation-roles.ts';
import { settleMs } from '../../adapters/kubernetes/rbac-objects.ts';
import { impersonatedNames } from '../../domain/accounts/identity-names.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

const owner = 'gateway';
const roleName = 'vcluster-platform:gateway-users';

/**
 * Whom the gateway may impersonate: exactly the users and groups there are, by name; many names are in several roles, of
 * which a change writes one. Its other rights, and the binding of the only role, are in deploy/management/rbac-gateway.yaml.
 */
export function gatewayIdentities({ caches, rbac }: ControllerContext): Controller {
  return {
    name: 'gateway-identities',
    async reconcile() {
      const shards = impersonationShards(impersonatedNames(caches.users.list(), caches.teams.list()));
      const roles = [...shards].flatMap(([suffix, rules]) => {
        const [role, binding] = impersonationShard(shardName(roleName, suffix), rules);
        return suffix === '' ? [role] : [role, binding];
      });
      await rbac.sync(owner, roles, { settleMs });
      return resync;
    },
    watch(add) {
      add(owner);
      caches.users.onChange(() => add(owner));
      caches.teams.onChange(() => add(owner));
      rbac.onChange((changed) => {
        if (changed === owner) add(owner);
      });
    },
  };
}
