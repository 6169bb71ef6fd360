import {
  everybodyGroup,
  fieldManagers,
  identities,
  labels,
  originalUserExtra,
} from '../../contracts/names.ts';
import type { ClusterClient } from './client.ts';
import { callKubernetes } from './failures.ts';
import { impersonationRules, type RbacObject } from './rbac-objects.ts';
import { type RbacRealm, syncRbac } from './sync-rbac.ts';

/** Who may do what inside a tenant cluster. */
export interface TenantRbac {
  /** Whom the gateway may act as, by name. */
  readonly impersonated: { readonly users: readonly string[]; readonly groups: readonly string[] };
  /** Groups that hold each ClusterRole. */
  readonly grants: ReadonlyMap<string, readonly string[]>;
}

const impersonatorRole = 'vcluster-platform:gateway';
/** Who acts as another user (`kubectl --as`), for the audit; the one extra. */
const originalUserRule = {
  apiGroups: ['authentication.k8s.io'],
  resources: [`userextras/${originalUserExtra}`],
  verbs: ['impersonate'],
};
const realm: RbacRealm = {
  kinds: ['ClusterRole', 'ClusterRoleBinding'],
  label: [labels.madeBy, 'tenant-access'],
  fieldManager: fieldManagers.worker,
};

/**
 * Makes exactly these rights exist in the tenant cluster: applies what is missing or different, deletes what it
 * made before and is not wanted any more. Two reads if nothing changed. Idempotent.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function syncTenantRbac(client: ClusterClient, rbac: TenantRbac): Promise<void> {
  await callKubernetes('reconciling RBAC in the tenant cluster', async () => {
    const desired = [...impersonation(rbac.impersonated), ...[...rbac.grants].map(grantBinding)];
    await syncRbac(client.kubeConfig, realm, desired);
  });
}

function impersonation({ users, groups }: TenantRbac['impersonated']): RbacObject[] {
  return [
    {
      kind: 'ClusterRole',
      name: impersonatorRole,
      rules: [...impersonationRules({ users, groups: [...groups, everybodyGroup] }), originalUserRule],
    },
    {
      kind: 'ClusterRoleBinding',
      name: impersonatorRole,
      role: { kind: 'ClusterRole', name: impersonatorRole },
      subjects: [{ kind: 'User', name: identities.gateway }],
    },
  ];
}

function grantBinding([role, groups]: [string, readonly string[]]): RbacObject {
  return {
    kind: 'ClusterRoleBinding',
    name: `vcluster-platform:access:${role}`,
    role: { kind: 'ClusterRole', name: role },
    subjects: groups.map((name) => ({ kind: 'Group', name })),
  };
}
