import { callManagement } from '../../adapters/kubernetes/failures.ts';
import { syncTenantRbac } from '../../adapters/kubernetes/tenant-rbac.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { templateAccessOf } from '../../domain/access/template-access.ts';
import { tenantGrants } from '../../domain/access/tenant-grants.ts';
import { tenantIdentities } from '../../domain/access/tenant-identities.ts';
import type { TenantDeps } from '../dependencies.ts';
import { readInstance } from '../instances/instance-access.ts';

/**
 * RBAC inside a tenant cluster: whom the gateway may act as there, by name, and what who is let in by it may do.
 * controllers/virtual-clusters/tenant-access.ts reconciles it afterwards.
 */
export function createTenantAccessActivities({ hosts, resources }: Pick<TenantDeps, 'hosts' | 'resources'>) {
  return {
    /**
     * Reconciles roles and bindings. Idempotent by tenant: server-side apply, the newest access wins.
     * @throws PlatformError `tenant_cluster_not_found`, what HostNamespaces.prove throws, `cluster_unreachable`, `management_unavailable`
     */
    async applyTenantAccess({ tenant }: { tenant: TenantRef }): Promise<void> {
      const host = await hosts.prove(tenant);
      const [client, instance, project, users, teams] = await Promise.all([
        host.tenantClient(),
        readInstance(resources, tenant),
        callManagement(`reading project ${tenant.project}`, resources.projects.get({ name: tenant.project })),
        callManagement('reading users', resources.users.list()),
        callManagement('reading teams', resources.teams.list()),
      ]);
      const { name = '' } = instance.spec?.templateRef ?? {};
      const template =
        name === ''
          ? undefined
          : await callManagement(`reading template ${name}`, resources.virtualclustertemplates.get({ name }));
      const input = { instance, templateAccess: templateAccessOf(instance, template), project, users, teams };
      await syncTenantRbac(client, { impersonated: tenantIdentities(input), grants: tenantGrants(input) });
    },
  };
}
