import { setCurrentDetails } from '@temporalio/workflow';
import { kindOf } from '../../contracts/kinds.ts';
import type { StepState } from '../../contracts/operations.ts';
import type { PlannedStep } from '../../domain/kinds/plan.ts';
import { planOf } from '../../domain/kinds/kinds.ts';
import type { OperationInput, OperationProgress, StepChange, StepRecord } from '../../contracts/workflows.ts';

/** What has become of each planned step, shown in Temporal's UI and written to the steps' rows. */
export interface Progress {
  set(key: string, state: StepState, message?: string): void;
  /** Titles are shown in Temporal's UI as the summary of the step's activities. */
  titleOf(key: string): string;
  /** What changed since it was taken last, to travel with the next activity; undefined if nothing did. */
  takeChanges(): StepRecord | undefined;
  /** Every step as it is, for the operation's last write. */
  all(): StepChange[];
  read(): OperationProgress;
}

const marks: Partial<Record<StepState, string>> = {
  running: '▶',
  succeeded: '✓',
  failed: '✗',
  cancelled: '✗',
  skipped: '–',
  undoing: '↶',
  undone: '↶ ✓',
  undo_failed: '↶ ✗',
};

/** A record of all steps of the input's plan, none begun. */
export function createProgress(input: OperationInput): Progress {
  const plan = planOf({ kind: kindOf(input), type: input.type });
  const steps = new Map<string, StepChange>(plan.steps.map(({ key }) => [key, { key, state: 'pending' }]));
  const unrecorded = new Set<string>();
  const planned = (key: string): PlannedStep => {
    const step = plan.steps.find((candidate) => candidate.key === key);
    if (!step) throw new TypeError(`the plan of ${input.type} does not have a step ${key}`);
    return step;
  };
  return {
    set(key, state, message) {
      steps.set(planned(key).key, { key, state, ...(message === undefined ? {} : { message }) });
      unrecorded.add(key);
      setCurrentDetails(renderDetails(plan.steps, steps));
    },
    titleOf: (key) => planned(key).title,
    takeChanges() {
      if (unrecorded.size === 0) return undefined;
      const changes = [...unrecorded].flatMap((key) => steps.get(key) ?? []);
      unrecorded.clear();
      return { operationId: input.operationId, changes };
    },
    all: () => [...steps.values()].filter(({ state }) => state !== 'pending'),
    read() {
      const list = [...steps.values()];
      const current = list.find(({ state }) => state === 'running' || state === 'undoing');
      return {
        ...(current ? { currentStep: current.key } : {}),
        steps: list,
      };
    },
  };
}

/** Markdown for Temporal's UI: one line per step. */
function renderDetails(plan: readonly PlannedStep[], steps: ReadonlyMap<string, StepChange>): string {
  const lines = plan.map(({ key, title }) => {
    const step = steps.get(key);
    const mark = (step && marks[step.state]) ?? '·';
    return `- ${mark} ${title}${step?.message ? `: ${step.message}` : ''}`;
  });
  return lines.join('\n');
}
