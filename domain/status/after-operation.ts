import type { ErrorCode } from '../../contracts/errors.ts';
import { hasVerb, type ManagedKind } from '../../contracts/kinds.ts';
import { annotations } from '../../contracts/names.ts';
import type { OperationState } from '../../contracts/operations.ts';
import type { Condition } from '../../contracts/resources/condition.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { DeployedTemplate, InstancePhase } from '../../contracts/resources/instance-status.ts';
import type { VirtualClusterInstanceStatus } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { type ConditionState, withCondition, withoutCondition } from './conditions.ts';
import { controlPlaneReachable, dataKept, lossConditions, lossNoted } from '../lifecycle/desired-state.ts';
import { descriptorOf } from '../kinds/kinds.ts';
import { type Circumstances, presentStatus } from './present-status.ts';
import { aimsAtPhase, targetHashOf, verbRules } from '../lifecycle/verbs.ts';

/** How an operation ended, for the instance's status. What is left out stays as it is. */
export interface OperationOutcome {
  readonly operation: { readonly id: string; readonly type: OperationType; readonly state: OperationState };
  readonly phase?: InstancePhase;
  /** Error code and sentence; a success clears them. */
  readonly reason?: string;
  readonly message?: string;
  /** Hash of the desired state that is deployed now. */
  readonly observedHash?: string;
  /** The template that it is deployed from; null: none. */
  readonly template?: DeployedTemplate | null;
  /** Hash that was tried in vain; true: what the operation was for. */
  readonly failed?: string | true;
  /** Operation that deployed it, if it is another one. */
  readonly deployedBy?: string;
  /** That its data were lost and it was made again without them: a sentence for people. */
  readonly begunEmpty?: string;
  readonly kubernetesVersion?: string;
  /** Place and chart of a release. */
  readonly place?: { readonly cluster: string; readonly hostNamespace: string; readonly name: string };
  readonly chart?: { readonly chart: string; readonly version: string };
}

type LastUp = NonNullable<VirtualClusterInstanceStatus['lastUp']>;

/**
 * The merge patch of an instance's status after an operation, all that controllers act on in one.
 * @param circumstances without operations: the one that ended is not open any more
 */
export function statusAfter(
  kind: ManagedKind,
  outcome: OperationOutcome,
  instance: ManagedInstance,
  circumstances: Omit<Circumstances, 'open'>,
): Record<string, unknown> {
  const recorded = recordOf(kind, outcome, instance, circumstances);
  const status = Object.entries({ ...instance.status, ...recorded }).filter(([, value]) => value !== null);
  const after = { ...instance, status: Object.fromEntries(status) } as ManagedInstance;
  return { ...recorded, ...presentStatus(kind, after, circumstances) };
}

function recordOf(
  kind: ManagedKind,
  outcome: OperationOutcome,
  instance: ManagedInstance,
  { template, now }: Omit<Circumstances, 'open'>,
): Record<string, unknown> {
  const { operation, phase, kubernetesVersion, place, chart, failed } = outcome;
  const { status } = instance;
  const observedHash = outcome.observedHash ?? hashAfterDamage(outcome);
  const failedHash =
    failed === true
      ? targetHashOf(operation.type, descriptorOf(kind).desiredHash(instance, template))
      : failed;
  const conditions = [...conditionsOf(kind, outcome), ...lossOf(outcome), ...emptinessOf(outcome)].reduce<
    readonly Condition[] | undefined
  >((all, condition) => withCondition(all, condition, now), outdated(kind, outcome, status?.conditions));
  return {
    lastOperation: operation,
    ...(phase === undefined ? {} : { phase }),
    ...(operation.state === 'succeeded' ? afterSuccess(outcome, status?.failedHash) : reasonOf(outcome)),
    ...(failedHash === undefined ? {} : { failedHash }),
    ...(observedHash === undefined
      ? {}
      : { observedHash, template: templateAfter(observedHash, outcome, status) }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(place && chart ? { virtualCluster: deployedDefinition(place, chart) } : {}),
    ...(hasVerb(kind, 'update') ? lastUpAfter(outcome, status) : {}),
    ...inVainAfter(outcome, instance),
    ...(outcome.reason === missing ? lossNoted(instance) : {}),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

/** What was done with success in its namespace shows that there is one, and what runs in it. */
function outdated(
  kind: ManagedKind,
  { operation, phase }: OperationOutcome,
  conditions: readonly Condition[] | undefined,
): readonly Condition[] | undefined {
  if (operation.state !== 'succeeded' || conditions === undefined) return conditions;
  const outlived = [
    ...(phase === undefined ? [] : lossConditions),
    ...(endsEmptiness(kind, operation.type) ? [dataKept] : []),
  ];
  return outlived.reduce<readonly Condition[]>((all, type) => withoutCondition(all, type), conditions);
}

/** That data were lost is told until they are back, or somebody keeps what is there now; of what has no snapshots, until its next operation. */
function endsEmptiness(kind: ManagedKind, type: OperationType): boolean {
  return !hasVerb(kind, 'restore') || type === 'restore' || type === 'snapshot';
}

function emptinessOf({ begunEmpty: message }: OperationOutcome): ConditionState[] {
  if (message === undefined) return [];
  return [{ type: dataKept, status: 'False', severity: 'Warning', reason: 'BegunEmpty', message }];
}

/** In place of the hash of what is deployed, after an update that was not undone: no spec asks for that. */
export const undeterminedHash = 'undetermined';

function hashAfterDamage({ operation, phase }: OperationOutcome): string | undefined {
  return operation.type === 'update' && phase === 'Failed' ? undeterminedHash : undefined;
}

/** An earlier worker does not say of which template it is, and an update that was not undone leaves it open. */
function templateAfter(
  observedHash: string | undefined,
  { template = null, deployedBy }: OperationOutcome,
  { template: before, lastUp: up }: VirtualClusterInstanceStatus = {},
): DeployedTemplate | null | undefined {
  if (observedHash === undefined) return before;
  // It went back to what was up last.
  return deployedBy === undefined ? template : (up?.template ?? null);
}

/** What a wake went back from is not deployed again by itself; what is deployed was not in vain. */
function inVainAfter({ operation, failed }: OperationOutcome, { metadata }: ManagedInstance): object {
  if (operation.state !== 'succeeded') return {};
  if (typeof failed !== 'string') return verbRules[operation.type].aim === 'spec' ? { inVain: null } : {};
  return { inVain: { hash: failed, request: metadata.annotations?.[annotations.retry] ?? '' } };
}

/** With a new phase, the failure of a sleep or wake is history. */
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

const missing = 'control_plane_missing' satisfies ErrorCode;

/** A sleep or wake found no control plane, which nobody looks for while it sleeps. */
function lossOf({ operation, reason, message = '' }: OperationOutcome): ConditionState[] {
  if (operation.state === 'succeeded' || reason !== missing) return [];
  return [{ type: controlPlaneReachable, status: 'False', severity: 'Error', reason, message }];
}

/** What the end of the operation says about the conditions, which have vCluster Platform's names. */
function conditionsOf(
  kind: ManagedKind,
  { operation, phase, reason = 'Failed', message, failed }: OperationOutcome,
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
  // A wake fell back: it is awake, and not as its spec asks.
  else if (isDone && failed !== undefined) conditions.push({ type: synced, status: 'False', ...failure });
  if (phase === 'Ready') conditions.push({ type: ready, status: 'True' });
  if (phase === 'Sleeping')
    conditions.push({ type: ready, status: 'False', severity: 'Info', reason: 'Sleeping' });
  if (phase === 'Failed') conditions.push({ type: ready, status: 'False', ...failure });
  return conditions;
}

/**
 * Which operation deployed what is deployed, and what was deployed when the control plane was up last: the part of the
 * status after an operation that a wake needs to go back to.
 */
function lastUpAfter(
  outcome: OperationOutcome,
  status: VirtualClusterInstanceStatus = {},
): Pick<VirtualClusterInstanceStatus, 'deployedBy' | 'lastUp'> {
  const { operation, phase, observedHash, deployedBy, chart } = outcome;
  const isDone = operation.state === 'succeeded';
  const deploys = isDone && observedHash !== undefined && verbRules[operation.type].aim === 'spec';
  const by = deployedBy ?? (deploys ? operation.id : status.deployedBy);
  const known = by === undefined ? {} : { deployedBy: by };
  const chartBefore = status.virtualCluster?.helmRelease?.chart;
  if (isDone && phase === 'Ready') {
    const chartNow = chart ? { name: chart.chart, version: chart.version } : chartBefore;
    const template = templateAfter(observedHash, outcome, status);
    return { ...known, ...lastUp(observedHash ?? status.observedHash, by, chartNow, template) };
  }
  const isKnown = !deploys || status.lastUp !== undefined;
  return {
    ...known,
    ...(isKnown ? {} : lastUp(status.observedHash, status.deployedBy, chartBefore, status.template)),
  };
}

function lastUp(
  hash: string | undefined,
  deployedBy: string | undefined,
  chart: LastUp['chart'],
  template: DeployedTemplate | null | undefined,
): { lastUp?: LastUp } {
  if (hash === undefined) return {};
  const by = deployedBy === undefined ? {} : { deployedBy };
  const of = template ? { template } : {};
  return { lastUp: { hash, ...by, ...(chart === undefined ? {} : { chart }), ...of } };
}

/** What a control plane that does not start may go back to; undefined if it is what is deployed, or nothing was up before. */
export function fallbackOf(status: VirtualClusterInstanceStatus = {}): LastUp | undefined {
  const { lastUp: up, observedHash, deployedBy } = status;
  if (up === undefined || up.hash === observedHash || deployedBy === undefined) return undefined;
  return up.deployedBy === deployedBy ? undefined : up;
}
