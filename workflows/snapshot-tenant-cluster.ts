import { ApplicationFailure } from '@temporalio/workflow';
import type { OperationInput } from '../contracts/workflows.ts';
import { locate } from './steps/place.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Saves a tenant cluster's data to a snapshot, by a Job beside the data; a sleeping one is not woken. Id
 * `operation/<id>`; signal `turn`, query `progress`. A failure or cancel deletes the Job and the file and marks
 * the catalogue entry as failed.
 */
export async function snapshotTenantCluster(input: OperationInput): Promise<void> {
  await runOperation('tenant', input, {
    async run(run) {
      const { operationId } = input;
      const snapshot = input.parameters.snapshot;
      if (snapshot === undefined)
        throw ApplicationFailure.nonRetryable('a snapshot requires a name', 'invalid_request');
      const key = { project: input.project, tenantCluster: input.name, name: snapshot };
      const tenant = await locate(run);
      const { asleep, kubernetesVersion, place } = await run.step(
        'record',
        async (activities) => {
          // Earlier workers returned nothing.
          const recorded = (await activities.recordSnapshot({ ...key, operationId })) ?? undefined;
          return { ...(await activities.inspectTenant({ tenant: run.target })), place: recorded };
        },
        (activities) => activities.failSnapshot({ ...key, operationId }),
      );
      const job = { tenant, operationId, snapshot, asleep, ...place };
      const facts = await run.step(
        'save',
        async (activities) => {
          await activities.applySnapshotJob(job);
          return activities.waitForSnapshotJob(job);
        },
        async (activities) => {
          await activities.deleteSnapshotJob(job);
          const { project, name: tenantCluster } = input;
          const file = place === undefined ? {} : { file: place.file };
          await activities.deleteSnapshotFile({ project, tenantCluster, snapshot, ...file });
        },
      );
      await run.step('complete', async (activities) => {
        await activities.completeSnapshot({
          ...key,
          operationId,
          ...facts,
          ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
        });
        await activities.deleteSnapshotJob(job);
      });
      return { report: {}, result: { snapshot, sizeBytes: facts.sizeBytes, sha256: facts.sha256 } };
    },
    reportFailure: () => ({}),
  });
}
