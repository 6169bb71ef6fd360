import type { OperationInput } from '../contracts/workflows.ts';
import { deleteNamespace } from './steps/place.ts';
import { tagCluster } from './steps/operation-run.ts';
import { deployedOf, runOperation } from './steps/run-operation.ts';

/**
 * Makes a tenant cluster: place → check beside (namespace → keys) → credential beside install → ready → access.
 * Id `operation/<id>`; signal `turn`, query `progress`. Any failure or cancel uninstalls the release and deletes
 * the namespace with its volumes; the instance then says why in its status, and the controllers try again as domain/lifecycle/attempts.ts says.
 */
export async function createTenantCluster(input: OperationInput): Promise<void> {
  let targetHash = input.targetHash;
  await runOperation('tenant', input, {
    async run(run) {
      const { operationId } = input;
      const placement = await run.step('place', (activities) =>
        activities.placeTenant({ tenant: run.target }),
      );
      const { tenant } = placement;
      targetHash = placement.targetHash;
      if (!run.placed) tagCluster(tenant.cluster);
      if (placement.deployed)
        return { report: {}, message: 'The tenant cluster already exists; nothing was done' };

      let chart: { chart: string; version: string } | undefined;
      await run.parallel(
        async () => {
          chart = await run.step('check', (activities) => activities.checkRelease({ tenant }));
        },
        async () => {
          await run.step(
            'namespace',
            (activities) => activities.applyHostNamespace({ tenant }),
            (activities) => deleteNamespace('tenant', activities, tenant),
          );
          await run.step('keys', (activities) => activities.applyTenantKeys({ tenant }));
        },
      );
      await run.parallel(
        () => run.step('credential', (activities) => activities.applyGatewayCredential({ tenant })),
        async () => {
          const { unseeded } = await run.step(
            'install',
            (activities) => activities.installRelease({ tenant, operationId }),
            (activities) => activities.uninstallRelease({ tenant }),
          );
          if (unseeded !== undefined) run.note('install', `its store starts empty: ${unseeded}`);
        },
      );
      await run.step('ready', (activities) => activities.waitForControlPlane({ tenant, fresh: false }));
      const { kubernetesVersion } = await run.step('access', async (activities) => {
        // The administrator may write while a new API server still makes its many bootstrap roles.
        await activities.applyTenantAccess({ tenant });
        return activities.waitForControlPlane({ tenant, fresh: true });
      });
      return {
        report: {
          phase: 'Ready',
          ...deployedOf(placement),
          place: tenant,
          ...(kubernetesVersion ? { kubernetesVersion } : {}),
          ...(chart ? { chart } : {}),
        },
        result: { cluster: tenant.cluster, ...chart, ...(kubernetesVersion ? { kubernetesVersion } : {}) },
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
