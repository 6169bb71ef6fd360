import type { ManagedKind } from '../contracts/kinds.ts';
import type { OperationState } from '../contracts/operations.ts';
import type { Condition } from '../contracts/resources/condition.ts';
import type { ManagedInstance } from '../contracts/resources/resource-kinds.ts';
import type { InstancePhase } from '../contracts/resources/instance-status.ts';
import type { OperationType } from '../contracts/verbs.ts';
import { type ConditionState, withCondition, withoutCondition } from './conditions.ts';
import { namespaceFound } from './desired-state.ts';
import { descriptorOf } from './kinds/kinds.ts';
import { aimsAtPhase, targetHashOf, verbRules } from './verbs.ts';

/** How an operation ended, for the instance's status. What is left out stays as it is. */
export interface OperationOutcome {
  readonly operation: { readonly id: string; readonly type: OperationType; readonly state: OperationState };
  readonly phase?: InstancePhase;
  /** Error code and sentence; a success clears them. */
  readonly reason?: string;
  readonly message?: string;
  /** Hash of the desired state that is deployed now. */
  readonly observedHash?: string;
  /** Hash that was tried in vain; true: what the operation was for. */
  readonly failed?: string | true;
  readonly kubernetesVersion?: string;
  /** Place and chart of a release. */
  readonly place?: { readonly cluster: string; readonly hostNamespace: string; readonly name: string };
  readonly chart?: { readonly chart: string; readonly version: string };
}

/**
 * The merge patch of an instance's status after an operation, all that controllers act on in one.
 * @param desiredHash of the instance as it is now; needed if `failed` is true
 * @param now RFC 3339
 */
export function statusAfter(
  kind: ManagedKind,
  outcome: OperationOutcome,
  instance: ManagedInstance,
  { desiredHash = '', now }: { desiredHash?: string | undefined; now: string },
): Record<string, unknown> {
  const { operation, phase, observedHash, kubernetesVersion, place, chart, failed } = outcome;
  const succeeded = operation.state === 'succeeded';
  const failedHash = failed === true ? targetHashOf(operation.type, desiredHash) : failed;
  const { metadata, status } = instance;
  const conditions = conditionsOf(kind, outcome).reduce(
    (all, condition) => withCondition(all, condition, now),
    outdated(outcome, status?.conditions),
  );
  return {
    lastOperation: operation,
    ...(phase === undefined ? {} : { phase }),
    ...(succeeded ? afterSuccess(outcome, status?.failedHash) : reasonOf(outcome)),
    ...(failedHash === undefined ? {} : { failedHash }),
    ...(observedHash === undefined ? {} : { observedHash, observedGeneration: metadata.generation }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(place && chart ? { virtualCluster: deployedDefinition(place, chart) } : {}),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

/** What was done with success in its namespace shows that there is one. */
function outdated(
  { operation, phase }: OperationOutcome,
  conditions: readonly Condition[] | undefined,
): readonly Condition[] | undefined {
  if (operation.state !== 'succeeded' || phase === undefined || conditions === undefined) return conditions;
  return withoutCondition(conditions, namespaceFound);
}

/** With a new phase, the reason of the last failure is history. */
function afterSuccess({ phase, operation }: OperationOutcome, failedHash: string | undefined): object {
  if (phase === undefined) return {};
  return { reason: null, message: null, ...(isOver(failedHash, operation.type) ? { failedHash: null } : {}) };
}

function reasonOf({ reason, message }: OperationOutcome): object {
  return reason === undefined ? {} : { reason, message: message ?? null };
}

/** Only what deploys again ends a deployment's failure: an update that failed is not tried again because of a wake. */
function isOver(failedHash: string | undefined, type: OperationType): boolean {
  return (failedHash !== undefined && aimsAtPhase(failedHash)) || verbRules[type].aim === 'spec';
}

function deployedDefinition(
  place: NonNullable<OperationOutcome['place']>,
  chart: NonNullable<OperationOutcome['chart']>,
): Record<string, unknown> {
  return {
    helmRelease: { chart: { name: chart.chart, version: chart.version } },
    clusterRef: { cluster: place.cluster, namespace: place.hostNamespace, virtualCluster: place.name },
  };
}

/** What the end of the operation says about the conditions, which have vCluster Platform's names. */
function conditionsOf(
  kind: ManagedKind,
  { operation, phase, reason = 'Failed', message }: OperationOutcome,
): ConditionState[] {
  const { type, state } = operation;
  const { ready, synced, deployed } = descriptorOf(kind).conditions;
  const isDone = state === 'succeeded';
  const failure = { severity: 'Error', reason, ...(message === undefined ? {} : { message }) } as const;
  const conditions: ConditionState[] = [];
  if (verbRules[type].aim === 'spec') {
    const done = isDone ? ({ status: 'True' } as const) : ({ status: 'False', ...failure } as const);
    if (isDone) conditions.push({ type: 'Scheduled', status: 'True' });
    conditions.push({ type: synced, ...done });
    // What was deployed before stays deployed when an update fails.
    if (deployed !== undefined && (type === 'create' || isDone)) conditions.push({ type: deployed, ...done });
  }
  if (phase === 'Ready') conditions.push({ type: ready, status: 'True' });
  if (phase === 'Sleeping')
    conditions.push({ type: ready, status: 'False', severity: 'Info', reason: 'Sleeping' });
  if (phase === 'Failed') conditions.push({ type: ready, status: 'False', ...failure });
  return conditions;
}
