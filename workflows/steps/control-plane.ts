import { isCancellation, log, patched } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { LostPods } from '../../contracts/lost-pods.ts';
import { isWriteRefusal } from '../../domain/lifecycle/failure-causes.ts';
import { failureReason } from './failure-reason.ts';
import type { OperationRun } from './operation-run.ts';

/**
 * Step `access` of a tenant cluster that was there before. What its own webhooks, policies or full store refuse ends no
 * operation: the controllers go on trying, and conditions of the instance name what refuses.
 * @returns what to say about it, if it was refused
 */
export async function grantAccess(
  run: OperationRun<'tenant'>,
  tenant: TenantRef,
): Promise<{ message?: string }> {
  try {
    await run.step('access', (activities) => activities.applyTenantAccess({ tenant }));
    return {};
  } catch (error) {
    const { reason, message } = failureReason(error);
    if (!isWriteRefusal(reason) || !patched('refused-access')) throw error;
    run.skip('access', message);
    return { message: `Access could not be granted in the tenant cluster: ${message}` };
  }
}

/** Stops the control plane and waits until nothing of it runs. @returns the pods that are lost with it */
export async function stopAndWait(activities: Activities, tenant: TenantRef): Promise<LostPods | undefined> {
  const lost = await activities.stopControlPlane({ tenant });
  await activities.waitForControlPlaneStopped({ tenant });
  return lost ?? undefined; // null in a history
}

/** Starts again, for an undo, what was stopped, and waits until it answers: only then does the status say that it is awake. */
export async function startAgain(activities: Activities, tenant: TenantRef): Promise<void> {
  await activities.startControlPlane({ tenant });
  if (patched('undo-waits')) await activities.waitForControlPlane({ tenant, fresh: false });
}

/** Goes back, for an undo, to the revision before, and waits until that runs unless `asleep`. */
export async function rollBack(
  activities: Activities,
  release: { tenant: TenantRef; operationId: string },
  asleep: boolean,
): Promise<void> {
  await activities.rollbackRelease(release);
  if (asleep || !patched('undo-waits')) return;
  const { tenant } = release;
  await activities.waitForRollout({ tenant });
  await activities.waitForControlPlane({ tenant, fresh: false });
}

/**
 * Waits for the control plane, and frees the space of a store that takes no writes. If that fails, the tenant cluster can
 * be read all the same, and its condition `StoreWritable` says so.
 */
export async function waitUntilReady(
  activities: Activities,
  { tenant, operationId, fresh }: { tenant: TenantRef; operationId: string; fresh: boolean },
): Promise<{ kubernetesVersion?: string }> {
  const { storeFull, ...ready } = await activities.waitForControlPlane({ tenant, fresh });
  if (storeFull !== true || !patched('maintain-store')) return ready;
  try {
    await activities.maintainStore({ tenant, operationId });
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('failed to free space in the store', { error });
  }
  return ready;
}
