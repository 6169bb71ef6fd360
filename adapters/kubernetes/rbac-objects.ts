import type { KubeConfig } from '@kubernetes/client-node';
import { contentHash } from '../../domain/content-hash.ts';
import type { PolicyRule } from '../../domain/access/rbac.ts';
import { orUndefined } from './failures.ts';
import { requestJson } from './request.ts';

export type Subject =
  | { readonly kind: 'User' | 'Group'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly name: string; readonly namespace: string };

/** What a role or binding grants; `namespace` for Role and RoleBinding. */
export type RbacObject =
  | {
      readonly kind: 'Role' | 'ClusterRole';
      readonly name: string;
      readonly namespace?: string;
      readonly rules: readonly PolicyRule[];
    }
  | {
      readonly kind: 'ClusterRole';
      readonly name: string;
      readonly namespace?: never;
      /** Its rules are those of all ClusterRoles with these labels; the cluster's controller manager writes them. */
      readonly aggregates: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'RoleBinding' | 'ClusterRoleBinding';
      readonly name: string;
      readonly namespace?: string;
      /** The role granted; it cannot change, so it should follow from the name. */
      readonly role: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string };
      readonly subjects: readonly Subject[];
    };

/** Of one that an API gives, what it grants. */
export interface StoredRbac {
  readonly rules?: unknown;
  readonly aggregationRule?: unknown;
  readonly roleRef?: unknown;
  readonly subjects?: unknown;
}

const group = 'rbac.authorization.k8s.io';
const plurals = {
  Role: 'roles',
  RoleBinding: 'rolebindings',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
};

/** Time for an API server to see what was granted, before the same right is taken away elsewhere. */
export const settleMs = 500;

/** Path of the list of `kind`, over all namespaces or in one. */
export function rbacPath(kind: RbacObject['kind'], namespace?: string): string {
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/apis/${group}/v1${scope}/${plurals[kind]}`;
}

/** The object as Kubernetes writes it. */
export function rbacManifest(
  object: RbacObject,
  metadata: { labels: Record<string, string>; annotations: Record<string, string> },
) {
  const { kind, name, namespace } = object;
  return {
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...metadata },
    ...grantOf(object),
  };
}

function grantOf(object: RbacObject) {
  if ('rules' in object) return { rules: object.rules };
  if ('aggregates' in object)
    return { aggregationRule: { clusterRoleSelectors: [{ matchLabels: object.aggregates }] } };
  return {
    roleRef: { apiGroup: group, ...object.role },
    subjects: object.subjects.map((subject) =>
      subject.kind === 'ServiceAccount' ? subject : { apiGroup: group, ...subject },
    ),
  };
}

/**
 * Creates or overwrites it (server-side apply). The answer is the object as it is stored.
 * @param options.dryRun the API only says what it would answer
 */
export async function applyRbac(
  kubeConfig: KubeConfig,
  manifest: ReturnType<typeof rbacManifest>,
  fieldManager: string,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<unknown> {
  const { kind, metadata } = manifest;
  const path = `${rbacPath(kind, 'namespace' in metadata ? metadata.namespace : undefined)}/${encodeURIComponent(metadata.name)}`;
  return requestJson(kubeConfig, {
    method: 'PATCH',
    path: `${path}?fieldManager=${fieldManager}&force=true${dryRun ? '&dryRun=All' : ''}`,
    body: manifest,
    contentType: 'application/apply-patch+yaml',
  });
}

/** What roles and bindings grant, as one text. */
export function rbacContent({ rules, aggregationRule, roleRef, subjects }: StoredRbac): string {
  return contentHash([aggregationRule ?? rules ?? [], roleRef ?? null, subjects ?? []]);
}

/** Deletes it; one that is not there is none to delete. */
export async function deleteRbac(
  kubeConfig: KubeConfig,
  kind: RbacObject['kind'],
  name: string,
  namespace?: string,
): Promise<void> {
  const path = `${rbacPath(kind, namespace)}/${encodeURIComponent(name)}`;
  await orUndefined(requestJson(kubeConfig, { method: 'DELETE', path }));
}
