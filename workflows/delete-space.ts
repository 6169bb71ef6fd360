import type { OperationInput } from '../contracts/workflows.ts';
import { deleteSpaceNamespace } from './steps/delete-namespace.ts';
import { placedSpace, unplacedSpace } from './steps/locate-space.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Removes a space: the namespace with all it holds, then the finalizer. Id `operation/<id>`; signal `turn`, query
 * `progress`. It can be cancelled only while it waits for its turn; from then on every failure is tried again until
 * it succeeds.
 */
export async function deleteSpace(input: OperationInput): Promise<void> {
  const unplaced = unplacedSpace(input);
  await runOperation(input, {
    finishesForward: true,
    async run(run) {
      const placed = placedSpace(run);
      const { space } = await run.step('inspect', (activities) =>
        activities.findSpaceRemains({ space: unplaced, ...(placed ? { placed } : {}) }),
      );
      if (space) {
        await run.step('namespace', (activities) => deleteSpaceNamespace(activities, space));
      } else {
        run.skip('namespace', 'It was never placed in a cluster');
      }
      await run.step('finish', (activities) => activities.releaseSpace({ space: unplaced }));
      return {};
    },
  });
}
