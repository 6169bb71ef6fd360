import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { currentTracer } from '../adapters/tracing/spans.ts';
import { traceHeader } from '../contracts/workflows.ts';

/** Gives a workflow the trace that it is started in, in a header; none, if nothing is traced. */
export const traceCarrier: WorkflowClientInterceptor = {
  startWithDetails(input, next) {
    const context = currentTracer()?.context();
    if (context === undefined) return next(input);
    const headers = { ...input.headers, [traceHeader]: defaultPayloadConverter.toPayload(context) };
    return next({ ...input, headers });
  },
};
