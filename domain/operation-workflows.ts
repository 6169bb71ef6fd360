import {
  isSpaceOperation,
  type OperationType,
  type SpaceOperationType,
  type StepState,
  type SubjectKind,
} from '../contracts/operations.ts';
import type { UnplacedSpace } from '../contracts/space-ref.ts';
import type { UnplacedTenant } from '../contracts/tenant-ref.ts';

/** Name of the workflow that runs each verb of a tenant cluster. */
const tenantWorkflows: Record<OperationType, string> = {
  create: 'createTenantCluster',
  update: 'updateTenantCluster',
  sleep: 'sleepTenantCluster',
  wake: 'wakeTenantCluster',
  snapshot: 'snapshotTenantCluster',
  restore: 'restoreTenantCluster',
  delete: 'deleteTenantCluster',
};

/** Name of the workflow that runs each verb of a space. */
const spaceWorkflows: Record<SpaceOperationType, string> = {
  create: 'createSpace',
  sleep: 'sleepSpace',
  wake: 'wakeSpace',
  delete: 'deleteSpace',
};

/** The workflows that finish forward. */
export const deleteWorkflows: ReadonlySet<string> = new Set([tenantWorkflows.delete, spaceWorkflows.delete]);

/** Name of the workflow that runs an operation. @throws Error if spaces have no such verb */
export function operationWorkflowOf({ kind, type }: { kind: SubjectKind; type: OperationType }): string {
  if (kind === 'tenant') return tenantWorkflows[type];
  if (!isSpaceOperation(type)) throw new Error(`spaces have no operation ${type}`);
  return spaceWorkflows[type];
}

/** Id of the workflow that runs operation `operationId`. */
export function operationWorkflowId(operationId: string): string {
  return `operation/${operationId}`;
}

/** The one argument of every operation workflow: names and ids, never values or credentials. */
export interface OperationInput {
  readonly operationId: string;
  readonly type: OperationType;
  /** Left out: a tenant cluster, as in all histories of before there were spaces. */
  readonly kind?: SubjectKind;
  readonly project: string;
  readonly name: string;
  readonly uid: string;
  readonly actor: string;
  readonly targetHash?: string;
  /** Where it ran when the operation was submitted: the search attribute that the workflow was started with. */
  readonly cluster?: string;
  readonly parameters: OperationParameters;
}

export interface OperationParameters {
  /** snapshot: name of the new one; restore: which one. */
  readonly snapshot?: string;
  /** restore: tenant cluster whose snapshot it is, if it is another's. */
  readonly sourceTenantCluster?: string;
  /** restore: its uid, as the gateway resolved the name when it let the restore in. */
  readonly sourceUid?: string;
}

/** Signal without payload: the turn may be free, claim again. */
export const turnSignalName = 'turn';

/** Query for an {@link OperationProgress}. */
export const progressQueryName = 'progress';

/** What a running operation says of itself, newer than its rows by what is still being written. */
export interface OperationProgress {
  readonly currentStep?: string;
  readonly steps: readonly { readonly key: string; readonly state: StepState; readonly message?: string }[];
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

/** The argument of `evaluateSleepPolicy`. */
export type SleepPolicyInput = UnplacedTenant | UnplacedSpace;
