import { patched } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Fallback } from '../activities/control-plane/release.ts';
import type { TenantRef } from '../contracts/instance-ref.ts';
import type { OperationInput } from '../contracts/workflows.ts';
import { activitiesWith } from './proxies.ts';
import { failureReason } from './steps/failure-reason.ts';
import { stopAndWait, waitUntilReady } from './steps/control-plane.ts';
import type { OperationRun } from './steps/operation-run.ts';
import { locate } from './steps/place.ts';
import { runOperation, type Success } from './steps/run-operation.ts';

/**
 * Wakes a tenant cluster: its control plane is scaled back and answers. Id `operation/<id>`; signal `turn`,
 * query `progress`. If what was deployed while it slept does not start, it goes back to what was up before, and says so.
 * A failure or cancel stops it again.
 */
export async function wakeTenantCluster(input: OperationInput): Promise<void> {
  await runOperation('tenant', input, {
    async run(run) {
      const tenant = await locate(run);
      await run.step(
        'start',
        (activities) => start(activities, tenant),
        (activities) => stopAndWait(activities, tenant),
      );
      try {
        await run.step('ready', (activities) =>
          waitUntilReady(activities, { tenant, operationId: input.operationId, fresh: false }),
        );
      } catch (error) {
        if (failureReason(error).reason !== 'control_plane_not_ready' || !patched('wake-falls-back'))
          throw error;
        const { fallback } = await activitiesWith({
          summary: 'Finding what was up before',
        }).findFallback({ tenant });
        if (fallback === undefined) throw error;
        return goBack(run, tenant, fallback, error);
      }
      run.skip('fallback', 'What is deployed is up');
      return { report: { phase: 'Ready' } };
    },
    reportFailure: ({ reason, message }) => ({ reason, message, failed: input.targetHash ?? true }),
  });
}

/** One that somebody deleted in the host namespace is made again, if its volume is left. */
async function start(activities: Activities, tenant: TenantRef): Promise<void> {
  try {
    await activities.startControlPlane({ tenant, wakes: true });
  } catch (error) {
    if (failureReason(error).reason !== 'control_plane_missing' || !patched('wake-repairs')) throw error;
    await activities.repairControlPlane({ tenant });
  }
}

/** The control plane stands meanwhile: a StatefulSet does not replace a pod that never became ready. */
async function goBack(
  run: OperationRun<'tenant'>,
  tenant: TenantRef,
  { hash, deployedBy, chart, from }: Fallback,
  error: unknown,
): Promise<Success> {
  await run.step(
    'fallback',
    async (activities) => {
      await stopAndWait(activities, tenant);
      await activities.redeployRelease({ tenant, deployedBy });
      await activities.startControlPlane({ tenant });
      await activities.waitForControlPlane({ tenant, fresh: false });
    },
    async (activities) => {
      await stopAndWait(activities, tenant);
      await activities.redeployRelease({ tenant, deployedBy: from.deployedBy });
    },
  );
  const { reason, message: cause } = failureReason(error);
  const message = `It runs what was deployed before, because what its spec asks for did not start: ${cause}`;
  return {
    report: {
      phase: 'Ready',
      ...{ observedHash: hash, deployedBy, failed: from.hash, reason, message },
      ...(chart === undefined ? {} : { place: tenant, chart }),
    },
    message,
  };
}
