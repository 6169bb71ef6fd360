import { ApplicationFailure } from '@temporalio/workflow';
import type { TenantRef } from '../contracts/tenant-ref.ts';
import type { OperationInput } from '../contracts/workflows.ts';
import type { ActivityInput } from './proxies.ts';
import type { Call } from './steps/operation-run.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Brings a tenant cluster's data back to a snapshot: prepared beside the present data, swapped in while the
 * control plane stands, the former data kept until the tenant cluster answers. A sleeping one stays asleep. Id
 * `operation/<id>`; signal `turn`, query `progress`. A failure or cancel swaps the former data back in.
 */
export async function restoreTenantCluster(input: OperationInput): Promise<void> {
  await runOperation(input, {
    async run(run) {
      const { snapshot, tenant, asleep } = await run.step('find', async (call) => {
        const found = await call('findSnapshot', snapshotKey(input));
        return { ...(await call('inspectTenant', { tenant: run.tenant })), snapshot: found };
      });
      const phase = (call: Call, name: RestorePhase) =>
        runRestoreJob(call, { tenant, operationId: input.operationId, snapshot, phase: name });
      const stop = async (call: Call) => {
        await call('stopControlPlane', { tenant });
        await call('waitForControlPlaneStopped', { tenant });
      };
      const start = (call: Call) => call('startControlPlane', { tenant });
      const rollBack = (call: Call) => phase(call, 'rollback');

      await run.step('prepare', (call) => phase(call, 'prepare'), rollBack);
      if (asleep) run.skip('stop', 'It sleeps');
      else await run.step('stop', stop, start);
      await run.step('swap', (call) => phase(call, 'swap'), rollBack);
      if (asleep) {
        for (const key of ['start', 'ready', 'access']) run.skip(key, 'It stays asleep');
        run.skip('commit', 'It stays asleep: the former data are kept until the next restore');
        return { report: { phase: 'Sleeping' }, result: { snapshot: snapshot.name } };
      }
      await run.step('start', start, stop);
      await run.step('ready', (call) => call('waitForControlPlane', { tenant, fresh: false }));
      await run.step('access', (call) => call('applyTenantAccess', { tenant }));
      run.passPointOfNoReturn();
      await run.step('commit', (call) => phase(call, 'commit'));
      return { report: { phase: 'Ready' }, result: { snapshot: snapshot.name } };
    },
    reportFailure: ({ reason, message }, undone) => (undone ? {} : { phase: 'Failed', reason, message }),
  });
}

type RestorePhase = ActivityInput<'applyRestoreJob'>['phase'];

function snapshotKey(input: OperationInput): ActivityInput<'findSnapshot'> {
  const { snapshot, sourceTenantCluster } = input.parameters;
  if (snapshot === undefined)
    throw ApplicationFailure.nonRetryable('A restore needs the name of a snapshot', 'invalid_request');
  const { operationId, project, name } = input;
  return { project, tenantCluster: sourceTenantCluster ?? name, name: snapshot, operationId };
}

/** One Job per phase: applied, waited for, deleted. */
async function runRestoreJob(
  call: Call,
  job: {
    tenant: TenantRef;
    operationId: string;
    snapshot: ActivityInput<'applyRestoreJob'>['snapshot'];
    phase: RestorePhase;
  },
): Promise<void> {
  await call('applyRestoreJob', job);
  await call('waitForRestoreJob', job);
  await call('deleteRestoreJob', job);
}
