import type { OperationInput } from '../contracts/workflows.ts';
import { deleteNamespace } from './steps/place.ts';
import { tagCluster } from './steps/operation-run.ts';
import { deployedOf, runOperation } from './steps/run-operation.ts';

/**
 * Makes a space: place → namespace → access. Id `operation/<id>`; signal `turn`, query `progress`. Any failure or
 * cancel deletes the namespace; the resource then says why in its status, and the controllers try again as domain/lifecycle/attempts.ts says.
 */
export async function createSpace(input: OperationInput): Promise<void> {
  let targetHash = input.targetHash;
  await runOperation('space', input, {
    async run(run) {
      const placement = await run.step('place', (activities) => activities.placeSpace({ space: run.target }));
      const { space } = placement;
      targetHash = placement.targetHash;
      if (!run.placed) tagCluster(space.cluster);
      if (placement.made) return { report: {}, message: 'The space already exists; nothing was done' };
      await run.step(
        'namespace',
        (activities) => activities.applySpaceNamespace({ space }),
        (activities) => deleteNamespace('space', activities, space),
      );
      await run.step('access', (activities) => activities.applySpaceAccess({ space }));
      const { cluster, hostNamespace } = space;
      return {
        report: { phase: 'Ready', ...deployedOf(placement) },
        result: { cluster, namespace: hostNamespace },
      };
    },
    reportFailure: ({ reason, message }) => ({
      phase: 'Failed',
      reason,
      message,
      failed: targetHash ?? true,
    }),
  });
}
