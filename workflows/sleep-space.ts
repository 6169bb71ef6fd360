import type { OperationInput } from '../contracts/workflows.ts';
import { locateSpace } from './steps/locate-space.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Puts a space to sleep: no new pods are let in, workloads are scaled to zero and jobs suspended, and the pods that
 * are left end. Id `operation/<id>`; signal `turn`, query `progress`. A failure or cancel gives back what they had.
 */
export async function sleepSpace(input: OperationInput): Promise<void> {
  await runOperation(input, {
    async run(run) {
      const space = await locateSpace(run);
      await run.step(
        'close',
        (call) => call('closeSpace', { space }),
        (call) => call('openSpace', { space }),
      );
      await run.step(
        'scale',
        (call) => call('stopSpaceWorkloads', { space }),
        (call) => call('resumeSpaceWorkloads', { space }),
      );
      await run.step('pods', async (call) => {
        await call('deleteSpacePods', { space });
        await call('waitForSpacePodsEnded', { space });
      });
      return { report: { phase: 'Sleeping' } };
    },
    reportFailure: ({ reason, message }) => ({ reason, message, failed: input.targetHash ?? true }),
  });
}
