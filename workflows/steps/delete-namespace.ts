import type { SpaceRef } from '../../contracts/space-ref.ts';
import type { TenantRef } from '../../contracts/tenant-ref.ts';
import type { NamespaceDeletion } from '../../activities/owned-namespace.ts';
import type { Call } from './operation-run.ts';

/** Deletes the tenant cluster's namespace if it is its own, and waits until it and its volumes are gone. */
export async function deleteHostNamespace(call: Call, tenant: TenantRef): Promise<void> {
  const deletion = await call('deleteHostNamespace', { tenant });
  await call('waitForHostNamespaceDeleted', { tenant, ...volumesOf(deletion) });
}

/** Likewise the namespace of a space. */
export async function deleteSpaceNamespace(call: Call, space: SpaceRef): Promise<void> {
  const deletion = await call('deleteSpaceNamespace', { space });
  await call('waitForSpaceNamespaceDeleted', { space, ...volumesOf(deletion) });
}

/** Histories of before know of no volumes. */
function volumesOf(deletion: NamespaceDeletion | null | undefined): Partial<NamespaceDeletion> {
  return deletion ? { volumes: deletion.volumes } : {};
}
