import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { StepRecord } from '../../contracts/workflows.ts';
import type { RecordingActivities } from '../../workflows/proxies.ts';

/** What {@link plainUpdate} is started with. */
export interface PlainUpdateInput {
  readonly operationId: string;
  readonly tenant: TenantRef;
}

type Steps = StepRecord['changes'];

/** The two writes that begin and end an operation's rows. */
export interface PlainRows {
  beginPlainOperation(operationId: string): Promise<void>;
  endPlainOperation(record: StepRecord): Promise<void>;
}

const rows = proxyLocalActivities<PlainRows>({ startToCloseTimeout: '2s' });
const { reportInstance } = proxyLocalActivities<RecordingActivities>({ startToCloseTimeout: '2s' }); // as the platform's own
const { inspectTenant, applyTenantAccess } = proxyActivities<RecordingActivities>({
  startToCloseTimeout: '15s',
});
const { checkRelease, installRelease, waitForRollout, waitForControlPlane } =
  proxyActivities<RecordingActivities>({
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: '5s',
  });

/**
 * An update as anybody would write it: the activities that the platform's own update calls, one after another,
 * the same rows, and nothing else (no turn, undo, cancel, progress, retry policy).
 */
export async function plainUpdate({ operationId, tenant }: PlainUpdateInput): Promise<void> {
  const done: string[] = [];
  const begin = (key: string): StepRecord => {
    const last = done.at(-1);
    done.push(key);
    const ended: Steps = last === undefined ? [] : [{ key: last, state: 'succeeded' }];
    return { operationId, changes: [...ended, { key, state: 'running' }] };
  };
  await rows.beginPlainOperation(operationId);
  const { targetHash } = await inspectTenant({ tenant }, begin('inspect'));
  const chart = await checkRelease({ tenant }, begin('check'));
  await installRelease({ tenant, operationId }, begin('install'));
  await waitForRollout({ tenant }, begin('ready'));
  const { kubernetesVersion } = await waitForControlPlane({ tenant, fresh: true });
  await applyTenantAccess({ tenant }, begin('access'));
  await reportInstance(
    {
      tenant,
      operation: { id: operationId, type: 'update', state: 'succeeded' },
      phase: 'Ready',
      observedHash: targetHash,
      place: tenant,
      chart,
      ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    },
    begin('finish'),
  );
  await rows.endPlainOperation({
    operationId,
    changes: ['turn', ...done].map((key) => ({ key, state: 'succeeded' })),
  });
}
