import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Logger } from '../../adapters/logging.ts';
import type { StepRecord } from '../../contracts/workflows.ts';

/**
 * Writes the steps that travel with an activity (its second argument) while the activity runs. A write that
 * fails is only logged: the operation's last write repeats every step.
 */
export function stepRecorder(
  recordSteps: (record: StepRecord) => Promise<void>,
  logger: Logger,
): ActivityInterceptorsFactory {
  return () => ({
    inbound: {
      async execute(input, next) {
        const [argument, record] = input.args;
        if (!isStepRecord(record)) return next(input);
        const writing = recordSteps(record).catch((error: unknown) => {
          logger.warn({ err: error, operation: record.operationId }, 'failed to record steps');
        });
        try {
          return await next({ ...input, args: [argument] });
        } finally {
          await writing;
        }
      },
    },
  });
}

function isStepRecord(value: unknown): value is StepRecord {
  return typeof value === 'object' && value !== null && 'changes' in value && 'operationId' in value;
}
