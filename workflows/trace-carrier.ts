import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { traceHeader } from '../contracts/workflows.ts';

/**
 * Hands the trace that a workflow was started in on to its activities, as it came: no span is made here, no id drawn, and
 * nothing of it is a command, so that histories replay with it and without. The worker draws the workflow and its steps from
 * their rows when it has ended (worker/traced-activities.ts).
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let carried: Parameters<NonNullable<Inbound['execute']>>[0]['headers'] = {};
  const withTrace = <Input extends { readonly headers: typeof carried }>(input: Input): Input => ({
    ...input,
    headers: { ...input.headers, ...carried },
  });
  return {
    inbound: [
      {
        execute(input, next) {
          const header = input.headers[traceHeader];
          carried = header === undefined ? {} : { [traceHeader]: header };
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(withTrace(input)),
        scheduleLocalActivity: (input, next) => next(withTrace(input)),
      },
    ],
  };
};

type Inbound = NonNullable<ReturnType<WorkflowInterceptorsFactory>['inbound']>[number];
