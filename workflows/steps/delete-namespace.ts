import type { Activities } from '../../activities/index.ts';
import type { SpaceRef, TenantRef } from '../../contracts/instance-ref.ts';
import type { NamespaceDeletion } from '../../activities/owned-namespace.ts';

/** Deletes the tenant cluster's namespace if it is its own, and waits until it and its volumes are gone. */
export async function deleteHostNamespace(activities: Activities, tenant: TenantRef): Promise<void> {
  const deletion = await activities.deleteHostNamespace({ tenant });
  await activities.waitForHostNamespaceDeleted({ tenant, ...volumesOf(deletion) });
}

/** Likewise the namespace of a space. */
export async function deleteSpaceNamespace(activities: Activities, space: SpaceRef): Promise<void> {
  const deletion = await activities.deleteSpaceNamespace({ space });
  await activities.waitForSpaceNamespaceDeleted({ space, ...volumesOf(deletion) });
}

/** Histories of before know of no volumes. */
function volumesOf(deletion: NamespaceDeletion | null | undefined): Partial<NamespaceDeletion> {
  return deletion ? { volumes: deletion.volumes } : {};
}
