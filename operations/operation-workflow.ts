import {
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { PlatformError } from '../contracts/errors.ts';
import { lifecycleTaskQueue } from '../contracts/names.ts';
import { namedKind, targetNames } from '../contracts/kinds.ts';
import { givenParameters } from '../contracts/verbs.ts';
import {
  type OperationInput,
  operationWorkflowId,
  operationWorkflows,
  searchAttributes,
  turnSignal,
} from '../contracts/workflows.ts';
import type { OperationRow } from '../db/schema/operations.ts';
import { planOf } from '../domain/kinds/kinds.ts';
import type { OperationsDeps } from './dependencies.ts';

/** How long a request waits for Temporal before it goes on without it. */
const deadlineMs = 2000;

/**
 * Starts the workflow of an operation; one that exists already, running or ended, is left alone.
 * @throws PlatformError `temporal_unavailable`
 */
export async function startOperationWorkflow(deps: OperationsDeps, row: OperationRow): Promise<void> {
  const { verb, workflow } = planOf(row);
  const { noun } = targetNames[row.kind];
  const where = row.project === '' ? '' : ` of project ${row.project}`;
  try {
    await temporalCall(deps, () =>
      deps.temporal.workflow.start(operationWorkflows[workflow], {
        workflowId: operationWorkflowId(row.id),
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        taskQueue: lifecycleTaskQueue,
        args: [operationInput(row)],
        staticSummary: `${verb} ${noun} ${row.name}${where}`,
        staticDetails: `Requested by ${row.actor}`,
        typedSearchAttributes: searchable({
          project: row.project,
          [row.kind]: row.name,
          operationType: row.type,
          actor: row.actor,
          cluster: row.cluster,
        }),
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** Those that have a value. */
function searchable(values: { readonly [N in keyof typeof searchAttributes]?: string | null }) {
  const names = Object.keys(values) as (keyof typeof values)[];
  return names.flatMap((name) => {
    const value = values[name];
    return value ? [{ key: searchAttributes[name], value }] : [];
  });
}

/** Asks the workflow to cancel; false if there is none, or it has ended. @throws PlatformError `temporal_unavailable` */
export async function cancelOperationWorkflow(deps: OperationsDeps, operationId: string): Promise<boolean> {
  return isThere(
    temporalCall(deps, () => deps.temporal.workflow.getHandle(operationWorkflowId(operationId)).cancel()),
  );
}

/** Tells a waiting operation that the turn may be free. @throws PlatformError `temporal_unavailable` */
export async function signalTurn(deps: OperationsDeps, operationId: string): Promise<void> {
  await isThere(
    temporalCall(deps, () =>
      deps.temporal.workflow.getHandle(operationWorkflowId(operationId)).signal(turnSignal),
    ),
  );
}

/** `work`, given up after `timeoutMs`; a Temporal that does not answer becomes `temporal_unavailable`. */
export async function temporalCall<T>(
  deps: Pick<OperationsDeps, 'temporal'>,
  work: () => Promise<T>,
  timeoutMs = deadlineMs,
): Promise<T> {
  try {
    return await deps.temporal.withDeadline(Date.now() + timeoutMs, work);
  } catch (error) {
    if (isGrpcServiceError(error) || error instanceof ServiceError) {
      throw new PlatformError(
        'temporal_unavailable',
        'Temporal does not answer; operations continue when it is back',
        { cause: error },
      );
    }
    throw error;
  }
}

/** False if there is no such workflow. */
async function isThere(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return false;
  }
}

function operationInput(row: OperationRow): OperationInput {
  return {
    operationId: row.id,
    type: row.type,
    ...namedKind(row.kind),
    project: row.project,
    name: row.name,
    uid: row.uid,
    actor: row.actor,
    ...(row.targetHash === null ? {} : { targetHash: row.targetHash }),
    ...(row.cluster === null ? {} : { cluster: row.cluster }),
    parameters: givenParameters(row.type, row.parameters),
    ...('putsBack' in row.parameters ? { putsBack: true } : {}),
  };
}
