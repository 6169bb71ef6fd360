import { ApplicationFailure, patched } from '@temporalio/workflow';
import type { TenantRef } from '../contracts/instance-ref.ts';
import type { OperationInput } from '../contracts/workflows.ts';
import { grantAccess, rollBack, waitUntilReady } from './steps/control-plane.ts';
import type { OperationRun } from './steps/operation-run.ts';
import { type BegunEmpty, begunEmpty, rebuild } from './steps/rebuild.ts';
import { deployedOf, runOperation } from './steps/run-operation.ts';

/** Of a sleeper, which cannot show whether it starts. @returns what to say if nothing can be said of its images */
async function tryImages(
  run: OperationRun<'tenant'>,
  tenant: TenantRef,
  asleep: boolean,
): Promise<{ message?: string }> {
  if (!asleep || !patched('check-images')) {
    run.skip('images', asleep ? 'Earlier versions did not try them' : 'It is awake');
    return {};
  }
  const { operationId } = run.input;
  const { unchecked } = await run.step('images', (activities) =>
    activities.checkImages({ tenant, operationId }),
  );
  return unchecked === undefined ? {} : { message: `Its images were not tried: ${unchecked}` };
}

/**
 * Brings a tenant cluster to its changed template or values. Id `operation/<id>`; signal `turn`, query
 * `progress`. A sleeping one is upgraded and stays asleep; one whose namespace, control plane or volume is gone is made again, empty, and says so. A failure or cancel rolls the release back to the
 * revision before.
 */
export async function updateTenantCluster(input: OperationInput): Promise<void> {
  let targetHash = input.targetHash;
  let empty: BegunEmpty = {};
  await runOperation('tenant', input, {
    async run(run) {
      const { operationId } = input;
      const found = await run.step('inspect', (activities) =>
        activities.inspectTenant({ tenant: run.target, rebuilds: true }),
      );
      const { tenant } = found;
      targetHash = found.targetHash;
      if (input.putsBack === true && found.lost !== undefined)
        throw ApplicationFailure.nonRetryable(
          'its data are gone: restore a snapshot, or ask for an empty one with "vcp retry"',
          'control_plane_missing',
        );
      // Of a namespace that was made for this the undo leaves nothing.
      if (found.missing !== 'namespace') empty = begunEmpty(tenant, found);
      await rebuild(run, tenant, found);
      const chart = await run.step('check', (activities) => activities.checkRelease({ tenant }));
      const untried = await tryImages(run, tenant, found.asleep);
      await run.step(
        'install',
        (activities) => activities.installRelease({ tenant, operationId }),
        // In a namespace that was made for this, nothing ran before.
        (activities) =>
          rollBack(activities, { tenant, operationId }, found.asleep || found.missing === 'namespace'),
      );
      const report = { ...deployedOf(found), place: tenant, chart };
      if (found.asleep) {
        run.skip('ready', 'It sleeps');
        run.skip('access', 'It sleeps');
        return { report: { ...report, phase: 'Sleeping' }, result: { ...chart }, ...untried };
      }
      const { kubernetesVersion } = await run.step('ready', async (activities) => {
        await activities.waitForRollout({ tenant });
        return waitUntilReady(activities, { tenant, operationId, fresh: true });
      });
      const { message: refused } = await grantAccess(run, tenant);
      const begun = begunEmpty(tenant, found);
      const message = [begun.begunEmpty, refused].filter((one) => one !== undefined).join('. ');
      return {
        report: { ...report, ...begun, phase: 'Ready', ...(kubernetesVersion ? { kubernetesVersion } : {}) },
        result: { ...chart },
        ...(message === '' ? {} : { message }),
      };
    },
    reportFailure: ({ reason, message }, undone) => ({
      ...(undone ? {} : { phase: 'Failed' }),
      ...empty,
      reason,
      message,
      failed: targetHash ?? true,
    }),
  });
}
