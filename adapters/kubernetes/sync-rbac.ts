import type { KubeConfig } from '@kubernetes/client-node';
import { contentHash } from '../../domain/content-hash.ts';
import { statusOf } from './failures.ts';
import { applyRbac, deleteRbac, type RbacObject, rbacManifest, rbacPath } from './rbac-objects.ts';
import { requestJson } from './request.ts';

/** Which objects of an API are ours, and how they are marked. */
export interface RbacRealm {
  readonly kinds: readonly RbacObject['kind'][];
  /** For Role and RoleBinding. */
  readonly namespace?: string;
  /** The one label of what we make. */
  readonly label: readonly [name: string, value: string];
  /** Names that are ours also without the label, where others may take it off. */
  readonly prefix?: string;
  readonly fieldManager: string;
}

interface Stored {
  readonly metadata: { readonly name: string };
  readonly rules?: unknown;
  readonly roleRef?: unknown;
  readonly subjects?: unknown;
}

/**
 * Makes exactly `desired` exist among what is ours: applies what is missing or different, deletes the rest. One read
 * for each kind if nothing changed. Idempotent. Failures are client-node's ApiException.
 */
export async function syncRbac(
  kubeConfig: KubeConfig,
  realm: RbacRealm,
  desired: readonly RbacObject[],
): Promise<void> {
  const labels = Object.fromEntries([realm.label]);
  for (const kind of realm.kinds) {
    const left = new Map((await listOurs(kubeConfig, realm, kind)).map((item) => [item.metadata.name, item]));
    for (const object of desired) {
      if (object.kind !== kind) continue;
      const manifest = rbacManifest(object, { labels, annotations: {} });
      const existing = left.get(object.name);
      left.delete(object.name);
      if (existing === undefined || contentOf(existing) !== contentOf(manifest))
        await replaceRbac(kubeConfig, manifest, realm.fieldManager);
    }
    for (const name of left.keys()) await deleteRbac(kubeConfig, kind, name, realm.namespace);
  }
}

async function listOurs(
  kubeConfig: KubeConfig,
  { namespace, label, prefix }: RbacRealm,
  kind: RbacObject['kind'],
): Promise<Stored[]> {
  const query = prefix === undefined ? `?labelSelector=${encodeURIComponent(label.join('='))}` : '';
  const { items } = (await requestJson(kubeConfig, { path: `${rbacPath(kind, namespace)}${query}` })) as {
    items: Stored[];
  };
  return prefix === undefined ? items : items.filter(({ metadata }) => metadata.name.startsWith(prefix));
}

/** Applies it; one under our name with another role is created again, since a binding's role is fixed. */
async function replaceRbac(
  kubeConfig: KubeConfig,
  manifest: ReturnType<typeof rbacManifest>,
  fieldManager: string,
): Promise<void> {
  try {
    await applyRbac(kubeConfig, manifest, fieldManager);
  } catch (error) {
    if (statusOf(error) !== 422) throw error;
    const { kind, metadata } = manifest;
    await deleteRbac(
      kubeConfig,
      kind,
      metadata.name,
      'namespace' in metadata ? metadata.namespace : undefined,
    );
    await applyRbac(kubeConfig, manifest, fieldManager);
  }
}

function contentOf({ rules, roleRef, subjects }: Partial<Stored>): string {
  return contentHash([rules ?? [], roleRef ?? null, subjects ?? []]);
}
