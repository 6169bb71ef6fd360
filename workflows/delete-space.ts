import type { OperationInput } from '../contracts/workflows.ts';
import { deleteNamespace, stepsWhileConnected } from './steps/place.ts';
import { runOperation, type Success } from './steps/run-operation.ts';

/**
 * Removes a space: the namespace with all it holds, then the finalizer. Id `operation/<id>`; signal `turn`, query
 * `progress`. It can be cancelled only while it waits for its turn; from then on every failure is tried again until
 * it succeeds.
 */
export async function deleteSpace(input: OperationInput): Promise<void> {
  await runOperation('space', input, {
    async run(run) {
      const { placed } = run;
      const { space } = await run.step('inspect', (activities) =>
        activities.findSpaceRemains({ space: run.target, ...(placed ? { placed } : {}) }),
      );
      let success: Success = {};
      if (space) {
        success = await stepsWhileConnected(run, {
          namespace: (activities) => deleteNamespace('space', activities, space),
        });
      } else {
        run.skip('namespace', 'It was never placed in a cluster');
      }
      await run.step('finish', (activities) => activities.releaseSpace({ space: run.target }));
      return success;
    },
  });
}
