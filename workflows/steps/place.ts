import type { Activities } from '../../activities/index.ts';
import type { InstanceRef } from '../../contracts/instance-ref.ts';
import { isClusterGone } from '../../contracts/errors.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import { activitiesWith, activityFailure } from '../proxies.ts';
import { kindActivities } from './kind-activities.ts';
import { type OperationRun, tagCluster, type Work } from './operation-run.ts';
import type { Success } from './run-operation.ts';

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

/**
 * Runs the steps of a delete that act in the connected cluster. If that is disconnected meanwhile, they and those after them are
 * skipped; no history of an earlier version has such a failure. @returns what to say about it
 */
export async function stepsWhileConnected<K extends ManagedKind>(
  run: OperationRun<K>,
  steps: Readonly<Record<string, Work<unknown>>>,
): Promise<Success> {
  let left: string | undefined;
  for (const [key, work] of Object.entries(steps)) {
    try {
      if (left === undefined) await run.step(key, work);
    } catch (error) {
      if (!isDisconnected(error)) throw error;
      left = 'Its connected cluster was disconnected: what is left of it there stays';
    }
    if (left !== undefined) run.skip(key, left);
  }
  return left === undefined ? {} : { message: left };
}

function isDisconnected(error: unknown): boolean {
  return activityFailure(error)?.details?.some(isClusterGone) === true;
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
