import { type Client, ScheduleAlreadyRunning } from '@temporalio/client';
import { lifecycleTaskQueue } from '../contracts/names.ts';

const scheduleId = 'reconcile-operations';

/** Makes the Temporal Schedule that reconciles operations each minute, and has it run now. */
export async function ensureReconcileSchedule(temporal: Client): Promise<void> {
  try {
    await temporal.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: '1 minute' }] },
      policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
      state: { triggerImmediately: true },
      action: {
        type: 'startWorkflow',
        workflowType: 'reconcileOperations',
        workflowId: scheduleId,
        taskQueue: lifecycleTaskQueue,
        staticSummary: 'Compare the open operations with their workflows',
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await temporal.schedule.getHandle(scheduleId).trigger('SKIP');
  }
}
