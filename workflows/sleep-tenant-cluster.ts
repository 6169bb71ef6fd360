import type { OperationInput } from '../contracts/workflows.ts';
import { startAgain, stopAndWait } from './steps/control-plane.ts';
import { asleep } from './steps/asleep.ts';
import { locate } from './steps/place.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Puts a tenant cluster to sleep: its control plane is scaled to zero, its volumes stay. Id `operation/<id>`;
 * signal `turn`, query `progress`. A failure or cancel starts it again.
 */
export async function sleepTenantCluster(input: OperationInput): Promise<void> {
  await runOperation('tenant', input, {
    async run(run) {
      const tenant = await locate(run);
      const lost = await run.step(
        'stop',
        (activities) => stopAndWait(activities, tenant),
        (activities) => startAgain(activities, tenant),
      );
      return asleep(run, 'stop', lost);
    },
    reportFailure: ({ reason, message }) => ({ reason, message, failed: input.targetHash ?? true }),
  });
}
