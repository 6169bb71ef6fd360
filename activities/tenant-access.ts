import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import { kubernetesFailure } from '../adapters/kubernetes/failures.ts';
import { requestJson } from '../adapters/kubernetes/request.ts';
import { identities } from '../contracts/names.ts';
import type { TenantRef } from '../contracts/tenant-ref.ts';
import { tenantGrants } from '../domain/tenant-grants.ts';
import type { TenantDeps } from './dependencies.ts';
import { managementCall, readInstance } from './instance-access.ts';

const impersonatorRole = 'vcluster-platform:gateway';
const fieldManager = 'vcluster-platform';
const rbac = 'rbac.authorization.k8s.io';

/**
 * RBAC inside a tenant cluster: what the gateway may do there, and what who is let in by it may do. The gateway
 * impersonates whoever the management API lets `use` the instance; users come and go while a tenant cluster
 * lives, so neither users nor groups are bounded by name yet. What reserved names may leave the gateway is
 * checked there (api/kubernetes/outgoing-check.ts).
 */
export function createTenantAccessActivities({
  clusters,
  resources,
}: Pick<TenantDeps, 'clusters' | 'resources'>) {
  return {
    /**
     * Applies the roles and bindings. Idempotent by tenant: server-side apply, the newest access wins.
     * @throws PlatformError `tenant_cluster_not_found`, `cluster_unreachable`, `management_unavailable`
     */
    async applyTenantAccess({ tenant }: { tenant: TenantRef }): Promise<void> {
      const [client, instance, project, users, teams] = await Promise.all([
        clusters.tenantClient(tenant),
        readInstance(resources, tenant),
        managementCall(`reading project ${tenant.project}`, resources.projects.get({ name: tenant.project })),
        managementCall('reading users', resources.users.list()),
        managementCall('reading teams', resources.teams.list()),
      ]);
      const grants = tenantGrants({ instance, project, users, teams });
      const objects = [
        ...impersonation(),
        ...[...grants].map(([role, groups]) => grantBinding(role, groups)),
      ];
      await Promise.all(objects.map((object) => apply(client, object)));
    },
  };
}

interface RbacObject {
  readonly kind: 'ClusterRole' | 'ClusterRoleBinding';
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

function impersonation(): RbacObject[] {
  return [
    {
      kind: 'ClusterRole',
      metadata: { name: impersonatorRole },
      rules: [{ apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] }],
    },
    {
      kind: 'ClusterRoleBinding',
      metadata: { name: impersonatorRole },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: impersonatorRole },
      subjects: [{ apiGroup: rbac, kind: 'User', name: identities.gateway }],
    },
  ];
}

function grantBinding(role: string, groups: readonly string[]): RbacObject {
  return {
    kind: 'ClusterRoleBinding',
    metadata: { name: `vcluster-platform:access:${role}` },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects: groups.map((name) => ({ apiGroup: rbac, kind: 'Group', name })),
  };
}

async function apply(client: ClusterClient, object: RbacObject): Promise<void> {
  const plural = `${object.kind.toLowerCase()}s`;
  const { name } = object.metadata;
  try {
    await requestJson(client.kubeConfig, {
      method: 'PATCH',
      path: `/apis/${rbac}/v1/${plural}/${encodeURIComponent(name)}?fieldManager=${fieldManager}&force=true`,
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: `${rbac}/v1`, ...object },
    });
  } catch (error) {
    throw kubernetesFailure(`applying ${object.kind} ${name} in the tenant cluster`, error);
  }
}
