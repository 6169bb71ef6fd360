import type { OperationWorkflowName } from '../../contracts/workflows.ts';

/** One visible stage of an operation, as it is planned. */
export interface PlannedStep {
  readonly key: string;
  readonly title: string;
  /** What undoes it, or why nothing does: a sentence for people. */
  readonly undo: string;
  /** How long it usually takes, in milliseconds: for progress bars, never a deadline. */
  readonly expectedMs: number;
}

/** What an operation of one type does, in the order it is shown. */
export interface OperationPlan {
  /** What it does, for Temporal's UI and messages: "Create". */
  readonly verb: string;
  /** The workflow that does it, which runs exactly the steps. */
  readonly workflow: OperationWorkflowName;
  /** How long all of it usually takes (parallel stages overlap), in milliseconds. */
  readonly expectedMs: number;
  readonly steps: readonly PlannedStep[];
}

export const turn: PlannedStep = {
  key: 'turn',
  title: 'Waiting in queue',
  undo: 'Nothing to undo: nothing has been done yet',
  expectedMs: 20,
};
export const finish: PlannedStep = {
  key: 'finish',
  title: 'Recording result',
  undo: 'Nothing to undo: it only reports',
  expectedMs: 60,
};
/** Where it goes, for a create. */
export const place: PlannedStep = {
  key: 'place',
  title: 'Choosing connected cluster',
  undo: 'Nothing to undo: a new attempt keeps the choice',
  expectedMs: 60,
};
/** What undoes a step that only looks or waits. */
export const changesNothing = 'Nothing to undo: it changes nothing';
/** What a delete looks for before it deletes. */
export const leftovers: PlannedStep = {
  key: 'inspect',
  title: 'Finding existing resources',
  undo: changesNothing,
  expectedMs: 30,
};
/** The end of a delete. */
export const release: PlannedStep = {
  key: 'finish',
  title: 'Removing finalizer',
  undo: 'Cannot be undone: a delete runs until it succeeds',
  expectedMs: 60,
};
