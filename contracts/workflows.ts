import type { QueryDefinition, SignalDefinition } from '@temporalio/common';
import { kindNames, type ManagedKind, managedKinds, type OperationKind } from './kinds.ts';
import type { StepState } from './operations.ts';
import type { UnplacedRef } from './instance-ref.ts';
import type { OperationParameters, OperationType } from './verbs.ts';

// What passes through Temporal between those who start workflows, the workflows and their activities: names, ids,
// inputs, messages, search attributes. Running workflows and schedules hold all of it, so nothing here is renamed.

/**
 * The workflows that run an operation. A definition is for those who start the workflow: they give it to Temporal's
 * client, which reads its name and never calls it; the compiler reads what it takes. The workflow itself is the export of
 * that name of workflows/index.ts.
 */
export const operationWorkflows = {
  createTenantCluster: (_input: OperationInput) => runsInTemporal(),
  updateTenantCluster: (_input: OperationInput) => runsInTemporal(),
  sleepTenantCluster: (_input: OperationInput) => runsInTemporal(),
  wakeTenantCluster: (_input: OperationInput) => runsInTemporal(),
  snapshotTenantCluster: (_input: OperationInput) => runsInTemporal(),
  restoreTenantCluster: (_input: OperationInput) => runsInTemporal(),
  deleteTenantCluster: (_input: OperationInput) => runsInTemporal(),
  createSpace: (_input: OperationInput) => runsInTemporal(),
  sleepSpace: (_input: OperationInput) => runsInTemporal(),
  wakeSpace: (_input: OperationInput) => runsInTemporal(),
  deleteSpace: (_input: OperationInput) => runsInTemporal(),
  disconnectCluster: (_input: OperationInput) => runsInTemporal(),
  upgradeCluster: (_input: OperationInput) => runsInTemporal(),
};
export type OperationWorkflowName = keyof typeof operationWorkflows;

/** All workflows, as {@link operationWorkflows}. */
export const workflows = {
  ...operationWorkflows,
  deleteSnapshot: (_input: SnapshotDeletion) => runsInTemporal(),
  evaluateSleepPolicy: (_input: SleepPolicyInput) => runsInTemporal(),
  expireSnapshots: () => runsInTemporal(),
  reconcileOperations: () => runsInTemporal(),
};

async function runsInTemporal(): Promise<void> {
  throw new Error('a workflow is started with the client of Temporal, not called');
}

const operationPrefix = 'operation/';

/** Temporal's header with the trace that something is part of, named as in Temporal's own interceptors. */
export const traceHeader = '_tracer-data';

/** Id of the workflow that runs operation `operationId`. */
export function operationWorkflowId(operationId: string): string {
  return operationPrefix + operationId;
}

/** The operation that the workflow with this id runs; undefined if it runs none. */
export function operationOfWorkflow(workflowId: string): string | undefined {
  return workflowId.startsWith(operationPrefix) ? workflowId.slice(operationPrefix.length) : undefined;
}

/** Id of an activity of a step; `call` counts the calls of the operation. */
export function stepActivityId(step: string, call: number): string {
  return `${step}.${call}`;
}

/** The step that the activity with this id is part of. */
export function stepOfActivity(activityId: string): string {
  return activityId.replace(/\..*$/, '');
}

/** Id of the workflow that deletes the snapshot which operation `operationId` made. */
export function snapshotDeletionWorkflowId(operationId: string): string {
  return `snapshot/${operationId}/delete`;
}

const sleepPolicyPrefix = 'sleep-policy/';

/** Id of the Temporal Schedule of the tenant cluster or space with this uid, and of the workflow that it starts. */
export function sleepScheduleId(uid: string): string {
  return sleepPolicyPrefix + uid;
}

/** Whose sleep schedule it is, by its id; undefined for schedules of other purposes. */
export function uidOfSleepSchedule(scheduleId: string): string | undefined {
  return scheduleId.startsWith(sleepPolicyPrefix) ? scheduleId.slice(sleepPolicyPrefix.length) : undefined;
}

/** Ids of the Temporal Schedules that the platform always has, and of what they start, by the name of the workflow. */
export const scheduleIds = {
  reconcileOperations: 'reconcile-operations',
  expireSnapshots: 'expire-snapshots',
} as const satisfies Partial<Record<keyof typeof workflows, string>>;

const keyword = <Name extends string>(name: Name) => ({ name, type: 'KEYWORD' }) as const;

/** Search attributes of operation workflows. Temporal stores their values in the clear: names only. */
export const searchAttributes = {
  project: keyword('Project'),
  ...(Object.fromEntries(managedKinds.map((kind) => [kind, keyword(kindNames[kind].searchAttribute)])) as {
    readonly [K in ManagedKind]: ReturnType<typeof keyword>;
  }),
  cluster: keyword('Cluster'),
  operationType: keyword('OperationType'),
  actor: keyword('Actor'),
} as const;

/** The one argument of every operation workflow: names and ids, never values or credentials. */
export interface OperationInput {
  readonly operationId: string;
  readonly type: OperationType;
  /** Left out: a tenant cluster, as in all histories of earlier versions. */
  readonly kind?: OperationKind;
  /** Empty: what it is about is in none. */
  readonly project: string;
  readonly name: string;
  readonly uid: string;
  readonly actor: string;
  readonly targetHash?: string;
  /** Where it ran when the operation was submitted: the search attribute that the workflow was started with. */
  readonly cluster?: string;
  readonly parameters: OperationParameters;
  /** It only puts back what somebody changed: it does not make again what has lost its data. */
  readonly putsBack?: true;
}

/** The argument of `deleteSnapshot`. */
export interface SnapshotDeletion {
  readonly project: string;
  readonly tenantCluster: string;
  readonly name: string;
  /** That made it. Those that began before snapshots had uids give neither operation nor file. */
  readonly operationId?: string;
  readonly file?: string;
}

/** The argument of `evaluateSleepPolicy`. */
export type SleepPolicyInput = UnplacedRef;

/** Signal to an operation workflow: the turn may be free, claim again. */
export const turnSignal = { type: 'signal', name: 'turn' } as SignalDefinition<[], 'turn'>;

/** Query to an operation workflow. */
export const progressQuery = { type: 'query', name: 'progress' } as QueryDefinition<
  OperationProgress,
  [],
  'progress'
>;

/** What a running operation says of itself, newer than its rows by what is still being written. */
export interface OperationProgress {
  readonly currentStep?: string;
  readonly steps: readonly StepChange[];
}

/** What a step's row shall say now; its times are those of the writes. */
export interface StepChange {
  readonly key: string;
  readonly state: StepState;
  readonly message?: string;
}

/** Steps of one operation that changed. It travels as the second argument of an activity. */
export interface StepRecord {
  readonly operationId: string;
  readonly changes: readonly StepChange[];
}
