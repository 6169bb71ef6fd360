import type { KubeConfig } from '@kubernetes/client-node';
import {
  annotations,
  everybodyGroup,
  fieldManagers,
  identities,
  labels,
  originalUserExtra,
  spaceAdminRole,
} from '../../contracts/names.ts';
import { explainRefusal } from './admission-configurations.ts';
import type { ClusterClient } from './client.ts';
import { callKubernetes, orUndefined } from './failures.ts';
import { grantBindings } from './grant-bindings.ts';
import {
  type ImpersonatedNames,
  impersonationShard,
  impersonationShards,
  shardName,
} from './impersonation-roles.ts';
import { type RbacObject, rbacPath } from './rbac-objects.ts';
import { requestJson } from './request.ts';
import { type RbacRealm, rbacVersions, syncRbac, tryRbac } from './sync-rbac.ts';

/** Who may do what inside a tenant cluster. */
export interface TenantRbac {
  /** Whom the gateway may act as, by name. */
  readonly impersonated: ImpersonatedNames;
  /** Groups that hold each ClusterRole. */
  readonly grants: ReadonlyMap<string, readonly string[]>;
}

const impersonatorRole = 'vcluster-platform:gateway';
const gatewayBinding: RbacObject = {
  kind: 'ClusterRoleBinding',
  name: impersonatorRole,
  role: { kind: 'ClusterRole', name: impersonatorRole },
  subjects: [{ kind: 'User', name: identities.gateway }],
};
/** Grants nothing to nobody: there to be written. */
const writtenRole: RbacObject = { kind: 'ClusterRole', name: 'vcluster-platform:written', rules: [] };
/**
 * ClusterRoles by vCluster Platform's names, which its clients write in access rules (`share` does so unasked). Kubernetes has none
 * of these, so each is made where somebody holds it.
 */
const originalRoles: readonly RbacObject[] = [
  {
    kind: 'ClusterRole',
    name: spaceAdminRole,
    aggregates: { 'rbac.authorization.k8s.io/aggregate-to-admin': 'true' },
  },
  {
    kind: 'ClusterRole',
    name: 'loft-cluster-admin',
    rules: [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ],
  },
];
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
  probe: writtenRole.name,
};

/**
 * Makes exactly these rights exist in the tenant cluster: applies what is missing or different, deletes what it
 * made before and is not wanted any more. Two reads if nothing changed. Idempotent.
 * @param known what this returned for the same rights before: if that is still so, names and versions are all that is read
 * @returns versions of what is there, if nothing had to be written
 * @throws PlatformError `cluster_unreachable`, `forbidden`; `admission_refused`, `quota_exceeded`, `store_full` if the
 *   tenant cluster itself keeps us from writing
 */
export async function syncTenantRbac(
  { kubeConfig }: ClusterClient,
  rbac: TenantRbac,
  known?: string,
): Promise<string | undefined> {
  return callInside(kubeConfig, async () => {
    if (known !== undefined && (await rbacVersions(kubeConfig, realm)) === known) return known;
    const bindings = grantBindings('ClusterRoleBinding', rbac.grants);
    const roles = originalRoles.filter(({ name }) => rbac.grants.has(name));
    return syncRbac(kubeConfig, realm, [...impersonation(rbac.impersonated), ...roles, ...bindings]);
  });
}

/**
 * Tries without effect whether our objects would be let in, by a dry run for the gateway's binding: what would keep a change
 * from being written is known so before there is one.
 * @throws PlatformError as `syncTenantRbac`
 */
export async function tryTenantAdmission({ kubeConfig }: ClusterClient): Promise<void> {
  await callInside(kubeConfig, () => tryRbac(kubeConfig, realm, gatewayBinding));
}

/**
 * Tries whether the tenant cluster's store takes writes: the time, to an annotation of a role that grants nothing. Nothing
 * happens before our objects are there.
 * @throws PlatformError as `syncTenantRbac`
 */
export async function tryTenantStore({ kubeConfig }: ClusterClient, signal?: AbortSignal): Promise<void> {
  const write = () =>
    requestJson(kubeConfig, {
      method: 'PATCH',
      path: `${rbacPath('ClusterRole')}/${encodeURIComponent(writtenRole.name)}?fieldManager=${fieldManagers.worker}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { annotations: { [annotations.writtenAt]: new Date().toISOString() } } },
      ...(signal === undefined ? {} : { signal }),
    });
  await callInside(kubeConfig, () => orUndefined(write()));
}

async function callInside<T>(kubeConfig: KubeConfig, call: () => Promise<T>): Promise<T> {
  try {
    return await callKubernetes('reconciling RBAC in the tenant cluster', call);
  } catch (error) {
    throw await explainRefusal(kubeConfig, error);
  }
}

/** The names of all who may come in, in one role or in several, and what does not depend on them. */
function impersonation({ users, groups }: ImpersonatedNames): RbacObject[] {
  const shards = impersonationShards({ users, groups: [...groups, everybodyGroup] });
  const first = [...(shards.get('') ?? []), originalUserRule];
  const parts = [...shards].filter(([suffix]) => suffix !== '');
  return [
    { kind: 'ClusterRole', name: impersonatorRole, rules: first },
    gatewayBinding,
    ...parts.flatMap(([suffix, rules]) =>
      impersonationShard(shardName(`${impersonatorRole}-users`, suffix), rules),
    ),
    writtenRole,
  ];
}
