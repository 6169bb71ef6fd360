import { ApplicationFailure } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { TenantRef } from '../contracts/instance-ref.ts';
import type { OperationInput } from '../contracts/workflows.ts';
import type { ActivityInput } from './proxies.ts';
import { grantAccess, startAgain, stopAndWait, waitUntilReady } from './steps/control-plane.ts';
import { type BegunEmpty, begunEmpty, rebuild } from './steps/rebuild.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Brings a tenant cluster's data back to a snapshot: prepared beside the present data, swapped in while the
 * control plane stands, the former data kept until the tenant cluster answers. A sleeping one stays asleep; one
 * whose namespace, control plane or volume is gone is made again first. Id
 * `operation/<id>`; signal `turn`, query `progress`. A failure or cancel swaps the former data back in.
 */
export async function restoreTenantCluster(input: OperationInput): Promise<void> {
  let empty: BegunEmpty = {};
  await runOperation('tenant', input, {
    async run(run) {
      const { operationId } = input;
      const { snapshot, tenant, asleep, ...found } = await run.step('find', async (activities) => {
        const named = await activities.findSnapshot(snapshotKey(input));
        const state = await activities.inspectTenant({ tenant: run.target, rebuilds: true });
        return { ...state, snapshot: named };
      });
      if (found.missing !== 'namespace') empty = begunEmpty(tenant, found);
      await rebuild(run, tenant, found, async (activities) => {
        // Its volume is made with the first pod.
        await activities.installRelease({ tenant, operationId });
        await activities.waitForControlPlane({ tenant, fresh: true });
      });
      const phase = (activities: Activities, name: RestorePhase) =>
        runRestoreJob(activities, { tenant, operationId, snapshot, phase: name });
      const stop = (activities: Activities) => stopAndWait(activities, tenant);
      const start = (activities: Activities) => activities.startControlPlane({ tenant });
      const rollBack = (activities: Activities) => phase(activities, 'rollback');

      await run.step('prepare', (activities) => phase(activities, 'prepare'), rollBack);
      if (asleep) run.skip('stop', 'It sleeps');
      else await run.step('stop', stop, (activities) => startAgain(activities, tenant));
      await run.step('swap', (activities) => phase(activities, 'swap'), rollBack);
      if (asleep) {
        for (const key of ['start', 'ready', 'access']) run.skip(key, 'It stays asleep');
        run.skip('commit', 'It stays asleep: the previous data are kept until the next restore');
        return { report: { phase: 'Sleeping' }, result: { snapshot: snapshot.name } };
      }
      await run.step('start', start, stop);
      await run.step('ready', (activities) =>
        waitUntilReady(activities, { tenant, operationId, fresh: false }),
      );
      const refused = await grantAccess(run, tenant);
      run.passPointOfNoReturn();
      await run.step('commit', (activities) => phase(activities, 'commit'));
      return { report: { phase: 'Ready' }, result: { snapshot: snapshot.name }, ...refused };
    },
    reportFailure: ({ reason, message }, undone) => ({
      ...empty,
      ...(undone ? {} : { phase: 'Failed', reason, message }),
    }),
  });
}

type RestorePhase = ActivityInput<'applyRestoreJob'>['phase'];

function snapshotKey(input: OperationInput): ActivityInput<'findSnapshot'> {
  const { snapshot, sourceTenantCluster } = input.parameters;
  if (snapshot === undefined)
    throw ApplicationFailure.nonRetryable('a restore requires the name of a snapshot', 'invalid_request');
  const { operationId, project, name } = input;
  return { project, tenantCluster: sourceTenantCluster ?? name, name: snapshot, operationId };
}

/** One Job per phase: applied, waited for, deleted. */
async function runRestoreJob(
  activities: Activities,
  job: {
    tenant: TenantRef;
    operationId: string;
    snapshot: ActivityInput<'applyRestoreJob'>['snapshot'];
    phase: RestorePhase;
  },
): Promise<void> {
  await activities.applyRestoreJob(job);
  await activities.waitForRestoreJob(job);
  await activities.deleteRestoreJob(job);
}
