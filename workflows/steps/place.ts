import type { Activities } from '../../activities/index.ts';
import type { InstanceRef } from '../../contracts/instance-ref.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import { activitiesWith } from '../proxies.ts';
import { kindActivities } from './kind-activities.ts';
import { type OperationRun, tagCluster } from './operation-run.ts';

/**
 * Where the instance is: from our own database, which costs nothing, else from the resource.
 * Fails with `conflict` if it was never created.
 */
export async function locate<K extends ManagedKind>(run: OperationRun<K>): Promise<InstanceRef<K>> {
  if (run.placed) return run.placed;
  const activities = activitiesWith({ summary: 'Finding its location' });
  const placed = await kindActivities[run.kind].locate(activities, run.target);
  tagCluster(placed.cluster);
  return placed;
}

/** Deletes the instance's namespace if it is its own, and waits until it and its volumes are gone. */
export async function deleteNamespace<K extends ManagedKind>(
  kind: K,
  activities: Activities,
  target: InstanceRef<K>,
): Promise<void> {
  const { deleteNamespace: begin, waitForNamespaceDeleted } = kindActivities[kind];
  const deletion = await begin(activities, target);
  // Histories of earlier versions know of no volumes.
  await waitForNamespaceDeleted(activities, target, deletion ? { volumes: deletion.volumes } : {});
}
