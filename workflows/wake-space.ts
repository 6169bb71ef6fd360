import type { OperationInput } from '../contracts/workflows.ts';
import { locate } from './steps/place.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Wakes a space: new pods are let in again, and workloads and jobs get back what they had. It does not wait for their
 * pods. Id `operation/<id>`; signal `turn`, query `progress`. A failure or cancel puts it back to sleep.
 */
export async function wakeSpace(input: OperationInput): Promise<void> {
  await runOperation('space', input, {
    async run(run) {
      const space = await locate(run);
      await run.step(
        'open',
        (activities) => activities.openSpace({ space, wakes: true }),
        (activities) => activities.closeSpace({ space }),
      );
      await run.step(
        'scale',
        (activities) => activities.resumeSpaceWorkloads({ space }),
        (activities) => activities.stopSpaceWorkloads({ space }),
      );
      return { report: { phase: 'Ready' } };
    },
    reportFailure: ({ reason, message }) => ({ reason, message, failed: input.targetHash ?? true }),
  });
}
