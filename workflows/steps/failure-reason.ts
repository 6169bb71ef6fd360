import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  isCancellation,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import { isErrorCode, isLastingFailure } from '../../contracts/errors.ts';

/** Why an operation ended badly: an error code, and a sentence for people without secrets. */
export interface FailureReason {
  readonly state: 'failed' | 'cancelled';
  readonly reason: string;
  readonly message: string;
  /** Its cause stays until the spec or its template changes, whatever its code says. */
  readonly lasts?: true;
}

/** The reason behind any error that a workflow can catch. */
export function failureReason(error: unknown): FailureReason {
  if (isCancellation(error))
    return { state: 'cancelled', reason: 'operation_cancelled', message: 'the operation was cancelled' };
  const root = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  if (root instanceof ApplicationFailure) {
    return {
      state: 'failed',
      reason: isErrorCode(root.type) ? root.type : 'internal',
      message: root.message,
      ...(root.details?.some(isLastingFailure) === true ? { lasts: true } : {}),
    };
  }
  if (root instanceof TimeoutFailure)
    return { state: 'failed', reason: 'internal', message: 'a step exceeded its time limit' };
  if (root instanceof CancelledFailure || root instanceof TerminatedFailure) {
    return { state: 'failed', reason: 'internal', message: 'a step was terminated' };
  }
  return {
    state: 'failed',
    reason: 'internal',
    message: 'internal error in the workflow; see its history in Temporal',
  };
}
