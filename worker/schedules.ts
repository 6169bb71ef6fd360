import { type Client, ScheduleAlreadyRunning } from '@temporalio/client';
import { lifecycleTaskQueue } from '../contracts/names.ts';
import { scheduleIds, workflows } from '../contracts/workflows.ts';

/** What the platform does again and again. */
const schedules = [
  {
    scheduleId: scheduleIds.reconcileOperations,
    workflowType: workflows.reconcileOperations,
    every: '1 minute',
    summary: 'Reconciles open operations with their workflows',
  },
  {
    scheduleId: scheduleIds.expireSnapshots,
    workflowType: workflows.expireSnapshots,
    every: '1 hour',
    summary: 'Removes expired snapshots of deleted tenant clusters',
  },
] as const;

/** Makes the Temporal Schedules, and has them run now. */
export async function ensureSchedules(temporal: Client): Promise<void> {
  for (const { scheduleId, workflowType, every, summary } of schedules) {
    try {
      await temporal.schedule.create({
        scheduleId,
        spec: { intervals: [{ every }] },
        policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
        state: { triggerImmediately: true },
        action: {
          type: 'startWorkflow',
          workflowType,
          workflowId: scheduleId,
          taskQueue: lifecycleTaskQueue,
          staticSummary: summary,
        },
      });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      await temporal.schedule.getHandle(scheduleId).trigger('SKIP');
    }
  }
}
