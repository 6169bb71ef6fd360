import type { OperationInput } from '../contracts/workflows.ts';
import { waitUntilReady } from './steps/inside.ts';
import { locate } from './steps/place.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Wakes a tenant cluster: its control plane is scaled back and answers. Id `operation/<id>`; signal `turn`,
 * query `progress`. A failure or cancel stops it again.
 */
export async function wakeTenantCluster(input: OperationInput): Promise<void> {
  await runOperation('tenant', input, {
    async run(run) {
      const tenant = await locate(run);
      await run.step(
        'start',
        (activities) => activities.startControlPlane({ tenant, wakes: true }),
        async (activities) => {
          await activities.stopControlPlane({ tenant });
          await activities.waitForControlPlaneStopped({ tenant });
        },
      );
      const { operationId } = input;
      await run.step('ready', (activities) =>
        waitUntilReady(activities, { tenant, operationId, fresh: false }),
      );
      return { report: { phase: 'Ready' } };
    },
    reportFailure: ({ reason, message }) => ({ reason, message, failed: input.targetHash ?? true }),
  });
}
