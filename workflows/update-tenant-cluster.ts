import type { OperationInput } from '../contracts/workflows.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Brings a tenant cluster to its changed template or values. Id `operation/<id>`; signal `turn`, query
 * `progress`. A sleeping one is upgraded and stays asleep. A failure or cancel rolls the release back to the
 * revision before.
 */
export async function updateTenantCluster(input: OperationInput): Promise<void> {
  let targetHash = input.targetHash;
  await runOperation(input, {
    async run(run) {
      const { operationId } = input;
      const found = await run.step('inspect', (call) => call('inspectTenant', { tenant: run.tenant }));
      const { tenant } = found;
      targetHash = found.targetHash;
      const chart = await run.step('check', (call) => call('checkRelease', { tenant }));
      await run.step(
        'install',
        (call) => call('installRelease', { tenant, operationId }),
        (call) => call('rollbackRelease', { tenant, operationId }),
      );
      const report = { observedHash: found.targetHash, place: tenant, chart };
      if (found.asleep) {
        run.skip('ready', 'It sleeps');
        run.skip('access', 'It sleeps');
        return { report: { ...report, phase: 'Sleeping' }, result: { ...chart } };
      }
      const { kubernetesVersion } = await run.step('ready', async (call) => {
        await call('waitForRollout', { tenant });
        return call('waitForControlPlane', { tenant, fresh: true });
      });
      await run.step('access', (call) => call('applyTenantAccess', { tenant }));
      return {
        report: { ...report, phase: 'Ready', ...(kubernetesVersion ? { kubernetesVersion } : {}) },
        result: { ...chart },
      };
    },
    reportFailure: ({ reason, message }, undone) => ({
      ...(undone ? {} : { phase: 'Failed' }),
      reason,
      message,
      failed: targetHash ?? true,
    }),
  });
}
