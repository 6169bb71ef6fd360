import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Logger } from '../../adapters/logging.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { operationOfWorkflow, stepOfActivity, type StepRecord } from '../../contracts/workflows.ts';

export interface StepWriter {
  /** Writes what steps are now. */
  recordSteps(record: StepRecord): Promise<void>;
  /** Writes what a step waits for that has begun and not ended. */
  noteStep(operationId: string, key: string, message: string): Promise<void>;
}

const notes = new AsyncLocalStorage<(message: string) => Promise<void>>();
/** The first attempts fail for causes that pass within a second or two. */
const quietAttempts = 4;

/** Says in the step of the activity that runs what it waits for; nothing happens outside a step. Public: no secrets. */
export async function noteWait(message: string): Promise<void> {
  await notes.getStore()?.(message);
}

/**
 * Writes the steps that travel with an activity (its second argument) while the activity runs, and then what its step
 * waits for: what it says by {@link noteWait}, and why it is tried again. A write that fails is only logged: the
 * operation's last write repeats every step.
 */
export function stepRecorder(
  { recordSteps, noteStep }: StepWriter,
  logger: Logger,
): ActivityInterceptorsFactory {
  return ({ info: { workflowExecution, activityId, attempt } }: Context) => {
    const operation = operationOfWorkflow(workflowExecution?.workflowId ?? '');
    const logged = async (writing: Promise<void>) => {
      await writing.catch((err: unknown) => logger.warn({ err, operation }, 'failed to record steps'));
    };
    const note = async (message: string) => {
      if (operation !== undefined) await logged(noteStep(operation, stepOfActivity(activityId), message));
    };
    return {
      inbound: {
        async execute(input, next) {
          const [argument, record] = input.args;
          const steps = isStepRecord(record) ? record : undefined;
          const writing = steps && logged(recordSteps(steps));
          try {
            return await notes.run(note, () => next(steps ? { ...input, args: [argument] } : input));
          } catch (error) {
            if (attempt > quietAttempts && error instanceof PlatformError) {
              await writing;
              await note(`Retrying: ${error.message}`);
            }
            throw error;
          } finally {
            await writing;
          }
        },
      },
    };
  };
}

function isStepRecord(value: unknown): value is StepRecord {
  return typeof value === 'object' && value !== null && 'changes' in value && 'operationId' in value;
}
