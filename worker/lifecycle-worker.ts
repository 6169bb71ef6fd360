import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from '../adapters/logging.ts';
import { failureInterceptor } from '../activities/failures.ts';
import type { Activities } from '../activities/index.ts';
import { stepRecorder, type StepWriter } from '../activities/operations/step-recorder.ts';
import { lifecycleTaskQueue } from '../contracts/names.ts';
import type { Operation } from '../contracts/operations.ts';
import { tracedActivities } from './traced-activities.ts';

export interface LifecycleWorkerOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly bundlePath: string;
  readonly activities: Activities;
  readonly noteStep: StepWriter['noteStep'];
  /** An operation as recorded, for traces. */
  readonly readOperation: (id: string) => Promise<Operation>;
  readonly logger: Logger;
}

/**
 * The Temporal worker of the lifecycle task queue. Sized for two cores: activities mostly wait for other
 * servers, workflow tasks are short. Heartbeats go out at most each second, so that a cancel arrives within one.
 */
export async function createLifecycleWorker(options: LifecycleWorkerOptions): Promise<Worker> {
  return Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: lifecycleTaskQueue,
    workflowBundle: { codePath: options.bundlePath },
    activities: { ...options.activities },
    interceptors: {
      activity: [
        tracedActivities(options.readOperation, options.logger),
        failureInterceptor(options.logger),
        stepRecorder(
          { recordSteps: options.activities.recordSteps, noteStep: options.noteStep },
          options.logger,
        ),
      ],
    },
    maxConcurrentActivityTaskExecutions: 40,
    maxConcurrentLocalActivityExecutions: 20,
    maxConcurrentWorkflowTaskExecutions: 10,
    maxConcurrentWorkflowTaskPolls: 4,
    maxConcurrentActivityTaskPolls: 4,
    maxCachedWorkflows: 200,
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
    // A worker that was killed leaves its sticky queue behind; its workflows go on elsewhere after so long.
    stickyQueueScheduleToStartTimeout: '2s',
    shutdownGraceTime: '5s',
    shutdownForceTime: '10s',
  });
}
