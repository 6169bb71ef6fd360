import { isFinal, type Operation, type OperationStep } from '../contracts/operations.ts';
import {
  type OperationProgress,
  operationWorkflowId,
  progressQuery,
  stepOfActivity,
} from '../contracts/workflows.ts';
import type { OperationsDeps } from './dependencies.ts';
import { temporalCall } from './operation-workflow.ts';

const deadlineMs = 500;

interface PendingActivity {
  readonly step: string;
  readonly attempt: number;
  readonly lastFailure: string | undefined;
}

/**
 * `operation` with what Temporal knows now: attempts and last failure of what runs, and, with `askWorker`, the
 * workflow's own view. Ended operations are returned as they are.
 */
export async function addLiveState(
  deps: OperationsDeps,
  operation: Operation,
  { askWorker }: { askWorker: boolean },
): Promise<Operation> {
  if (isFinal(operation.state)) return operation;
  const [pending, progress] = await Promise.all([
    describePending(deps, operation.id),
    askWorker ? queryProgress(deps, operation.id) : undefined,
  ]);
  const live = pending !== undefined && (!askWorker || progress !== undefined);
  const steps = operation.steps.map((step) => mergeStep(step, progress, pending));
  const current = steps.find(({ state }) => state === 'running' || state === 'undoing')?.key;
  return { ...operation, live, steps, ...(current === undefined ? {} : { currentStep: current }) };
}

/** Undefined if Temporal does not answer or has no such workflow. */
async function describePending(deps: OperationsDeps, id: string): Promise<PendingActivity[] | undefined> {
  try {
    const description = await temporalCall(
      deps,
      () => deps.temporal.workflow.getHandle(operationWorkflowId(id)).describe(),
      deadlineMs,
    );
    return (description.raw.pendingActivities ?? []).map((activity) => ({
      step: stepOfActivity(activity.activityId ?? ''),
      attempt: activity.attempt ?? 1,
      lastFailure: activity.lastFailure?.message ?? undefined,
    }));
  } catch (error) {
    deps.logger.debug({ err: error, operation: id }, 'the workflow has no description');
    return undefined;
  }
}

async function queryProgress(deps: OperationsDeps, id: string): Promise<OperationProgress | undefined> {
  try {
    const handle = deps.temporal.workflow.getHandle(operationWorkflowId(id));
    return await temporalCall(deps, () => handle.query(progressQuery), deadlineMs);
  } catch (error) {
    deps.logger.debug({ err: error, operation: id }, 'the worker does not answer');
    return undefined;
  }
}

function mergeStep(
  recorded: OperationStep,
  progress: OperationProgress | undefined,
  pending: readonly PendingActivity[] | undefined,
): OperationStep {
  const live = progress?.steps.find(({ key }) => key === recorded.key);
  const step: OperationStep = live
    ? { ...recorded, state: live.state, ...(live.message === undefined ? {} : { message: live.message }) }
    : recorded;
  const activity = pending?.find((candidate) => candidate.step === recorded.key);
  if (!activity) return step;
  const retrying = activity.attempt > 1 && activity.lastFailure !== undefined;
  return {
    ...step,
    attempt: activity.attempt,
    ...(retrying ? { message: `Retrying: ${activity.lastFailure}` } : {}),
  };
}
