import type { OperationInput } from '../contracts/workflows.ts';
import { type FailureReason, failureReason } from './steps/failure-reason.ts';
import type { OperationRun, Work } from './steps/operation-run.ts';
import { runOperation } from './steps/run-operation.ts';

/** Codes of failures of a cluster that nothing reaches. */
const away: ReadonlySet<string> = new Set(['cluster_offline', 'cluster_unreachable', 'cluster_not_found']);

/**
 * Disconnects a connected cluster: its tenants, if that was asked for, what the platform made there, then its resource. Id
 * `operation/<id>`; signal `turn`, query `progress`. A failure or cancel opens the cluster to new tenants again; what was deleted
 * stays deleted. With `force`, what cannot be reached is tried once, and the message names what was left.
 */
export async function disconnectCluster(input: OperationInput): Promise<void> {
  const { operationId, actor, parameters } = input;
  const { deleteTenants = false, force = false } = parameters;
  await runOperation('cluster', input, {
    async run(run) {
      const cluster = run.target;
      const asked = { cluster, actor, deleteTenants };
      await run.step(
        'close',
        (activities) => activities.closeCluster({ cluster, operationId }),
        (activities) => activities.openCluster({ cluster, operationId }),
      );
      await run.step('inspect', (activities) => activities.findClusterTenants(asked));
      let fault = await attempt(run, 'inspect', force, (activities) =>
        activities.findClusterRemains({ cluster }),
      );
      const stays: string[] = [];
      if (fault !== undefined && away.has(fault.reason)) {
        const { left } = await run.step('tenants', (activities) => activities.releaseClusterTenants(asked));
        if (left !== undefined) stays.push(`tenants that may run on: ${left}`);
      } else await run.step('tenants', (activities) => activities.deleteClusterTenants(asked));
      fault ??= await attempt(run, 'objects', force, async (activities) => {
        const claimed = await activities.claimClusterObjects({ cluster });
        const removed = await activities.removeClusterObjects({ cluster });
        stays.push(...claimed.kept, ...removed.kept);
      });
      if (fault !== undefined) {
        run.skip('objects', fault.message);
        stays.unshift('what the platform made there');
      }
      await run.step('finish', (activities) => activities.deleteCluster({ cluster }));
      const why = fault === undefined ? '' : ` (${fault.message})`;
      return stays.length === 0 ? {} : { message: `Left in the cluster${why}: ${stays.join('; ')}` };
    },
  });
}

/** Runs a step, or with `force` tries it once. @returns why it failed, if that does not matter */
async function attempt(
  run: OperationRun<'cluster'>,
  key: string,
  force: boolean,
  work: Work<unknown>,
): Promise<FailureReason | undefined> {
  try {
    await (force ? run.tryStep(key, work) : run.step(key, work));
    return undefined;
  } catch (error) {
    const failure = failureReason(error);
    if (!force || failure.state === 'cancelled') throw error;
    run.skip(key, failure.message);
    return failure;
  }
}
