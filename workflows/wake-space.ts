import { patched } from '@temporalio/workflow';
import type { OperationInput } from '../contracts/workflows.ts';
import { failureReason } from './steps/failure-reason.ts';
import { locate } from './steps/place.ts';
import { type InstanceReport, runOperation } from './steps/run-operation.ts';

/**
 * Wakes a space: new pods are let in again, and workloads and jobs get back what they had. One whose namespace is gone is
 * made again, empty. It does not wait for their
 * pods. Id `operation/<id>`; signal `turn`, query `progress`. A failure or cancel puts it back to sleep.
 */
export async function wakeSpace(input: OperationInput): Promise<void> {
  await runOperation('space', input, {
    async run(run) {
      const space = await locate(run);
      let begun: Pick<InstanceReport, 'begunEmpty'> = {};
      await run.step(
        'open',
        async (activities) => {
          try {
            await activities.openSpace({ space, wakes: true });
          } catch (error) {
            if (failureReason(error).reason !== 'namespace_missing' || !patched('rebuild')) throw error;
            await activities.applySpaceNamespace({ space });
            await activities.applySpaceAccess({ space });
            begun = {
              begunEmpty: `Its namespace in cluster ${space.cluster} was gone and was made again, empty`,
            };
          }
        },
        (activities) => activities.closeSpace({ space }),
      );
      await run.step(
        'scale',
        (activities) => activities.resumeSpaceWorkloads({ space }),
        (activities) => activities.stopSpaceWorkloads({ space }),
      );
      return {
        report: { phase: 'Ready', ...begun },
        ...(begun.begunEmpty === undefined ? {} : { message: begun.begunEmpty }),
      };
    },
    reportFailure: ({ reason, message }) => ({ reason, message, failed: input.targetHash ?? true }),
  });
}
