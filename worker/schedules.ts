import { type Client, ScheduleAlreadyRunning } from '@temporalio/client';
import { lifecycleTaskQueue } from '../contracts/names.ts';

/** What the platform does again and again, by the schedule's id, which is its workflow's too. */
const schedules = {
  'reconcile-operations': {
    every: '1 minute',
    workflowType: 'reconcileOperations',
    summary: 'Compare the open operations with their workflows',
  },
  'expire-snapshots': {
    every: '1 hour',
    workflowType: 'expireSnapshots',
    summary: 'Remove the snapshots of what has been gone for long',
  },
} as const;

/** Makes the Temporal Schedules, and has them run now. */
export async function ensureSchedules(temporal: Client): Promise<void> {
  for (const [scheduleId, { every, workflowType, summary }] of Object.entries(schedules)) {
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
