import { everybodyGroup, identities, originalUserExtra } from '../../contracts/names.ts';
import { contentHash } from '../../domain/content-hash.ts';
import type { ClusterClient } from './client.ts';
import { kubernetesFailure } from './failures.ts';
import {
  applyRbac,
  deleteRbac,
  impersonationRules,
  type RbacObject,
  rbacManifest,
  rbacPath,
} from './rbac-objects.ts';
import { requestJson } from './request.ts';

/** Who may do what inside a tenant cluster. */
export interface TenantRbac {
  /** Whom the gateway may act as, by name. */
  readonly impersonated: { readonly users: readonly string[]; readonly groups: readonly string[] };
  /** Groups that hold each ClusterRole. */
  readonly grants: ReadonlyMap<string, readonly string[]>;
}

const impersonatorRole = 'vcluster-platform:gateway';
const fieldManager = 'vcluster-platform';
/** Who acts as another user (`kubectl --as`), for the audit; the one extra. */
const originalUserRule = {
  apiGroups: ['authentication.k8s.io'],
  resources: [`userextras/${originalUserExtra}`],
  verbs: ['impersonate'],
};
const madeBy = { 'vcluster-platform.io/made-by': 'tenant-access' };

interface Stored {
  readonly metadata: { readonly name: string };
  readonly rules?: unknown;
  readonly roleRef?: unknown;
  readonly subjects?: unknown;
}

/**
 * Makes exactly these rights exist in the tenant cluster: applies what is missing or different, deletes what it
 * made before and is not wanted any more. Two reads if all is in step. Idempotent.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function syncTenantRbac(client: ClusterClient, rbac: TenantRbac): Promise<void> {
  try {
    await sync(client, [...impersonation(rbac.impersonated), ...[...rbac.grants].map(grantBinding)]);
  } catch (error) {
    throw kubernetesFailure('bringing rights in the tenant cluster in step', error);
  }
}

async function sync({ kubeConfig }: ClusterClient, desired: readonly RbacObject[]): Promise<void> {
  for (const kind of ['ClusterRole', 'ClusterRoleBinding'] as const) {
    const selector = encodeURIComponent(Object.entries(madeBy).flat().join('='));
    const list = await requestJson(kubeConfig, { path: `${rbacPath(kind)}?labelSelector=${selector}` });
    const left = new Map((list as { items: Stored[] }).items.map((item) => [item.metadata.name, item]));
    for (const object of desired) {
      if (object.kind !== kind) continue;
      const manifest = rbacManifest(object, { labels: madeBy, annotations: {} });
      const existing = left.get(object.name);
      left.delete(object.name);
      if (existing === undefined || contentOf(existing) !== contentOf(manifest))
        await applyRbac(kubeConfig, manifest, fieldManager);
    }
    for (const name of left.keys()) await deleteRbac(kubeConfig, kind, name);
  }
}

function contentOf({ rules, roleRef, subjects }: Partial<Stored>): string {
  return contentHash([rules ?? [], roleRef ?? null, subjects ?? []]);
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
