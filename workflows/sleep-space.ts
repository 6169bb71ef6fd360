import type { OperationInput } from '../contracts/workflows.ts';
import { asleep } from './steps/asleep.ts';
import { locate } from './steps/place.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Puts a space to sleep: no new pods are let in, workloads are scaled to zero and jobs suspended, and the pods that
 * are left end. Id `operation/<id>`; signal `turn`, query `progress`. A failure or cancel gives back what they had.
 */
export async function sleepSpace(input: OperationInput): Promise<void> {
  await runOperation('space', input, {
    async run(run) {
      const space = await locate(run);
      await run.step(
        'close',
        (activities) => activities.closeSpace({ space }),
        (activities) => activities.openSpace({ space }),
      );
      await run.step(
        'scale',
        (activities) => activities.stopSpaceWorkloads({ space }),
        (activities) => activities.resumeSpaceWorkloads({ space }),
      );
      const lost = await run.step('pods', async (activities) => {
        const named = await activities.deleteSpacePods({ space });
        await activities.waitForSpacePodsEnded({ space });
        return named ?? undefined; // null in a history
      });
      return asleep(run, 'pods', lost);
    },
    reportFailure: ({ reason, message }) => ({ reason, message, failed: input.targetHash ?? true }),
  });
}
