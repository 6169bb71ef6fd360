import { ApplicationFailure, CancelledFailure, CompleteAsyncError, type Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Logger } from '../adapters/logging.ts';
import { type ErrorCode, errorTable, isClusterGone, PlatformError } from '../contracts/errors.ts';
import { forwardWorkflows } from '../domain/kinds/kinds.ts';

/**
 * An API server that has just started refuses everything until its RBAC caches are filled, and what serves its webhooks
 * starts after it, so these are believed only after so many attempts (about 30 s with the back-off of workflows/proxies.ts).
 */
const doubted: ReadonlySet<ErrorCode> = new Set(['forbidden', 'admission_refused']);
const doubtedAttempts = 11;

/**
 * What an activity's failure looks like in Temporal: the code as type, the public message, and nothing of its
 * cause, which may hold secrets and goes to the log. Retried or not by the table of errors; within a delete
 * always retried, because a delete finishes forward.
 */
function toApplicationFailure(
  error: unknown,
  options: { retryForward: boolean; cancelled: boolean; attempt: number },
): Error {
  if (
    error instanceof ApplicationFailure ||
    error instanceof CancelledFailure ||
    error instanceof CompleteAsyncError
  )
    return error;
  if (options.cancelled && error instanceof Error && error.name === 'AbortError')
    return new CancelledFailure('cancelled');
  const known =
    error instanceof PlatformError
      ? error
      : new PlatformError('internal', 'internal error; the log of the worker has the cause');
  // The workflow waits for the cluster (workflows/proxies.ts): attempts are for what answers now and then.
  const isOffline = known.code === 'cluster_offline';
  const mayPass =
    (errorTable[known.code].retryable && !isOffline) ||
    (doubted.has(known.code) && options.attempt < doubtedAttempts);
  return ApplicationFailure.create({
    type: known.code,
    message: known.message,
    nonRetryable: isOffline || isClusterGone(known.details) || (!mayPass && !options.retryForward),
    ...(known.details === undefined ? {} : { details: [known.details] }),
  });
}

/** Turns the failures of all activities into {@link toApplicationFailure} and logs their causes. */
export function failureInterceptor(logger: Logger): ActivityInterceptorsFactory {
  return (context: Context) => ({
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (error) {
          const { activityType, attempt, workflowExecution, workflowType } = context.info;
          const failure = toApplicationFailure(error, {
            retryForward: forwardWorkflows.has(workflowType ?? ''),
            cancelled: context.cancellationSignal.aborted,
            attempt,
          });
          if (!(failure instanceof CancelledFailure)) {
            const fields = { activity: activityType, attempt, workflow: workflowExecution?.workflowId };
            logger.warn({ ...fields, err: withoutBody(error) }, 'activity failed');
          }
          throw failure;
        }
      },
    },
  });
}

/** Name, message and stack of an error and its cause; never the bodies and headers that API errors carry in their messages. */
function withoutBody(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name } = error;
  const message = error.message.split('\n')[0];
  const stack = error.stack?.split('\n').filter((line) => line.startsWith('    at '));
  return {
    name,
    message,
    stack,
    ...('code' in error ? { code: String(error.code) } : {}),
    ...(error.cause === undefined ? {} : { cause: withoutBody(error.cause) }),
  };
}
