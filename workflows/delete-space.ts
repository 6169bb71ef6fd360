import type { OperationInput } from '../contracts/workflows.ts';
import { deleteNamespace } from './steps/place.ts';
import { runOperation } from './steps/run-operation.ts';

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
      if (space) {
        await run.step('namespace', (activities) => deleteNamespace('space', activities, space));
      } else {
        run.skip('namespace', 'It was never placed in a cluster');
      }
      await run.step('finish', (activities) => activities.releaseSpace({ space: run.target }));
      return {};
    },
  });
}
