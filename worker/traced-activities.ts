import { createHash } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Logger } from '../adapters/logging.ts';
import { currentTracer, type TraceContext, type Tracer, withRootSpan } from '../adapters/tracing/spans.ts';
import { type Operation, targetOf } from '../contracts/operations.ts';
import { operationOfWorkflow, stepOfActivity, traceHeader } from '../contracts/workflows.ts';

/**
 * Makes a span of each activity of an operation that was submitted in a trace, and when the operation has ended, of the
 * operation and its steps, by their rows. The ids of these follow from the operation's, so that an activity knows the span that it is in
 * before that is over, on whichever worker it runs.
 * @param read the operation as recorded
 */
export function tracedActivities(
  read: (operationId: string) => Promise<Operation>,
  logger: Logger,
): ActivityInterceptorsFactory {
  return ({ info }: Context) => ({
    inbound: {
      async execute(input, next) {
        const tracer = currentTracer();
        const header = input.headers[traceHeader];
        const operationId = operationOfWorkflow(info.workflowExecution?.workflowId ?? '');
        if (tracer === undefined || header === undefined || operationId === undefined) return next(input);
        const asked = defaultPayloadConverter.fromPayload<TraceContext>(header);
        const { activityType, activityId, attempt, isLocal } = info;
        const part = isLocal
          ? operationSpanId(operationId)
          : stepSpanId(operationId, stepOfActivity(activityId));
        const attributes = {
          'vcp.operation.id': operationId,
          'vcp.activity.attempt': attempt,
          temporalActivityID: activityId,
          temporalWorkflowID: info.workflowExecution?.workflowId,
          temporalRunID: info.workflowExecution?.runId,
        };
        const result = await withRootSpan(
          { name: activityType, attributes },
          () => next(input),
          within(asked, part),
        );
        if (activityType === 'endOperation') await recordOperation(tracer, asked, operationId);
        return result;
      },
    },
  });

  async function recordOperation(tracer: Tracer, asked: TraceContext, operationId: string): Promise<void> {
    try {
      drawOperation(tracer, asked, await read(operationId));
    } catch (err) {
      logger.warn({ err, operation: operationId }, 'failed to trace an operation');
    }
  }
}

/** The operation as one span, and its steps as spans in it. */
function drawOperation(tracer: Tracer, asked: TraceContext, operation: Operation): void {
  const { id, type, kind, project, cluster, state, reason, createdAt, finishedAt, steps } = operation;
  const failed = state === 'failed' || state === 'cancelled';
  tracer.record({
    name: `${type} ${kind}`,
    parent: asked,
    spanId: operationSpanId(id),
    startedAt: new Date(createdAt),
    endedAt: new Date(finishedAt ?? Date.now()),
    attributes: {
      'vcp.operation.id': id,
      'vcp.operation.type': type,
      'vcp.operation.state': state,
      'vcp.project': project,
      'vcp.instance': targetOf(operation).name,
      'k8s.cluster.name': cluster,
      ...(failed ? { 'error.type': reason ?? state } : {}),
    },
    failure: failed ? state : undefined,
  });
  for (const { key, title, state: became, startedAt, finishedAt: over } of steps) {
    if (startedAt === undefined || over === undefined) continue;
    tracer.record({
      name: title,
      parent: within(asked, operationSpanId(id)),
      spanId: stepSpanId(id, key),
      startedAt: new Date(startedAt),
      endedAt: new Date(over),
      attributes: { 'vcp.operation.id': id, 'vcp.step': key, 'vcp.step.state': became },
      failure: became === 'failed' ? became : undefined,
    });
  }
}

function within({ traceparent, ...rest }: TraceContext, spanId: string): TraceContext {
  return { ...rest, traceparent: traceparent.replace(/^(00-[0-9a-f]{32})-[0-9a-f]{16}-/, `$1-${spanId}-`) };
}

function operationSpanId(operationId: string): string {
  return spanIdOf(operationId);
}

function stepSpanId(operationId: string, step: string): string {
  return spanIdOf(`${operationId} ${step}`);
}

function spanIdOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
