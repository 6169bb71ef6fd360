import { impersonationRules, type RbacObject } from '../../adapters/kubernetes/rbac-objects.ts';
import { impersonatedNames } from '../../domain/identity-names.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

const owner = 'gateway';

/**
 * Whom the gateway may impersonate: exactly the users and groups there are, by name. Its other rights, and the
 * binding of this role, are in deploy/management/rbac-gateway.yaml.
 */
export function gatewayIdentities({ caches, rbac }: ControllerContext): Controller {
  return {
    name: 'gateway-identities',
    async reconcile() {
      const rules = impersonationRules(impersonatedNames(caches.users.list(), caches.teams.list()));
      const role: RbacObject = { kind: 'ClusterRole', name: 'vcluster-platform:gateway-users', rules };
      await rbac.sync(owner, [role]);
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
