import { hasVerb, kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { type Condition, kstatusConditions } from '../../contracts/resources/condition.ts';
import type { InstancePhase } from '../../contracts/resources/instance-status.ts';
import { cleanupFinalizer } from '../../contracts/names.ts';
import type { ManagedInstance, ManagedTemplate } from '../../contracts/resources/resource-kinds.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { type ConditionState, withCondition, withoutCondition } from './conditions.ts';
import {
  isProvisioned,
  isUpToDate,
  type NextOperation,
  neededOperations,
  sleepOrWake,
} from '../lifecycle/desired-state.ts';
import { descriptorOf, planOf } from '../kinds/kinds.ts';
import { type Readiness, withReadiness } from './readiness.ts';
import { settledPhase } from '../lifecycle/settled-phase.ts';
import { followingOf, templateSynced, templateSyncOf } from '../instance-templates/template-sync.ts';
import { aimsAtPhase, verbRules } from '../lifecycle/verbs.ts';

/** An operation of the instance that waits or runs. */
export interface OpenOperation {
  readonly id: string;
  readonly type: OperationType;
  /** What its present step waits for, if it says so. */
  readonly message?: string | undefined;
}

/** What a status is made true for, besides the instance. */
export interface Circumstances {
  /** The one that the instance is made of, if there is one. */
  readonly template: ManagedTemplate | undefined;
  /** Operations that have not ended, in the order of their turns. */
  readonly open?: readonly OpenOperation[];
  /** RFC 3339. */
  readonly now: string;
}

/** How far the instance is. */
interface Finding extends Readiness {
  /** Default: what it has when nothing goes on. */
  readonly phase?: InstancePhase;
  /** Whether people have to know of it: reason and message of the status say it too. */
  readonly isShown: boolean;
}

/**
 * The merge patch that makes an instance's status true for what its spec asks now, for what was recorded of operations
 * and for what goes on; undefined if it is true already. It is written with every such record, so that
 * `observedGeneration` never names a spec whose readiness it does not say.
 */
export function presentStatus(
  kind: ManagedKind,
  instance: ManagedInstance,
  circumstances: Circumstances,
): Record<string, unknown> | undefined {
  const settled = withoutOldFailure(kind, withKnownFacts(kind, instance, circumstances), circumstances);
  const finding = findingOf(kind, settled, circumstances);
  const { status = {} } = settled;
  const wanted: Record<string, unknown> = {
    observedGeneration: instance.metadata.generation,
    failedHash: status.failedHash,
    inVain: status.inVain,
    conditions: status.conditions,
    ...(finding && shownOf(kind, settled, finding, circumstances.now)),
  };
  const present: Record<string, unknown> = { ...instance.status };
  const changed = Object.keys(wanted).filter((field) => wanted[field] !== present[field]);
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((field) => [field, wanted[field] ?? null]));
}

function shownOf(kind: ManagedKind, instance: ManagedInstance, finding: Finding, now: string): object {
  const { reason, message, isShown } = finding;
  return {
    conditions: withReadiness(
      instance.status?.conditions,
      { ...finding, message: withNextAttempt(finding, instance) },
      now,
    ),
    phase: finding.phase ?? settledPhase(kind, instance),
    reason: isShown ? reason : undefined,
    message: isShown ? message : undefined,
  };
}

/** The condition also says when what failed is tried again; the status has a field of its own for it. */
function withNextAttempt({ state, message }: Finding, { status }: ManagedInstance): string {
  const next = status?.nextAttempt?.message;
  if (state !== 'stalled' || next === undefined) return message;
  return message === '' ? next : `${message}; ${next}`;
}

/** With the conditions that follow from what was recorded and what the spec asks now. */
function withKnownFacts(
  kind: ManagedKind,
  instance: ManagedInstance,
  { template, now }: Circumstances,
): ManagedInstance {
  const { ready } = descriptorOf(kind).conditions;
  const { phase, conditions = [] } = instance.status ?? {};
  const facts: ConditionState[] = [];
  // Before phase Pending hides it.
  if (phase === 'Ready') facts.push({ type: ready, status: 'True' });
  if (phase === 'Sleeping') facts.push({ type: ready, status: 'False', severity: 'Info', reason: phase });
  const synced = syncedOf(kind, instance, template);
  if (synced !== undefined) facts.push(synced);
  const sync = templateSyncOf(followingOf(instance), template, !hasVerb(kind, 'update'));
  if (sync !== undefined) facts.push(sync);
  const known = sync === undefined ? withoutCondition(conditions, templateSynced) : conditions;
  const all = facts.reduce<readonly Condition[]>((list, fact) => withCondition(list, fact, now), known);
  return all === conditions ? instance : withStatus(instance, { conditions: [...all] });
}

/** Whether what is deployed is what the spec asks for; undefined if that was recorded, or cannot be said. */
function syncedOf(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
): ConditionState | undefined {
  const descriptor = descriptorOf(kind);
  const { synced: type } = descriptor.conditions;
  if (!hasVerb(kind, 'update') || !isProvisioned(instance)) return undefined;
  if (isUpToDate(kind, instance, template)) return { type, status: 'True' };
  const obstacle = descriptor.obstacle(instance, template);
  if (obstacle !== undefined)
    return { type, status: 'False', severity: 'Error', reason: 'template_not_found', message: obstacle };
  const { failedHash, conditions = [], reason = 'Failed', message = '' } = instance.status ?? {};
  const isRecorded = conditions.some((one) => one.type === type && isFault(one));
  if (isRecorded && dueOperation(kind, instance, template)?.type !== 'update') return undefined;
  if (failedHash === descriptor.desiredHash(instance, template))
    return { type, status: 'False', severity: 'Error', reason, message };
  const outOfDate = 'What is deployed is not what the spec asks for';
  return { type, status: 'False', severity: 'Info', reason: 'OutOfDate', message: outOfDate };
}

/** What the instance asks for that did not fail, or whose next attempt is not announced. */
function dueOperation(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
): NextOperation | undefined {
  const { failedHash, nextAttempt } = instance.status ?? {};
  const waits = ({ type, targetHash }: NextOperation) =>
    nextAttempt?.type === type && nextAttempt.targetHash === targetHash;
  return neededOperations(kind, instance, template).find(
    (needed) => needed.targetHash !== failedHash && !waits(needed),
  );
}

function isFault({ status, severity }: Condition): boolean {
  return status === 'False' && severity === 'Error';
}

/** Without a failure that nothing asks for any more: what runs is what the spec asks, or is asleep or awake as it shall. */
function withoutOldFailure(
  kind: ManagedKind,
  instance: ManagedInstance,
  { template }: Circumstances,
): ManagedInstance {
  if (!isProvisioned(instance)) return instance;
  const { failedHash, inVain } = instance.status ?? {};
  const isDeployed = isUpToDate(kind, instance, template);
  const isAsAsked = sleepOrWake(kind, instance) === undefined;
  const isOver = failedHash !== undefined && (aimsAtPhase(failedHash) ? isAsAsked : isDeployed);
  if (!isOver && !(isDeployed && inVain !== undefined)) return instance;
  return withStatus(instance, {
    failedHash: isOver ? undefined : failedHash,
    inVain: isDeployed ? undefined : inVain,
  });
}

function findingOf(
  kind: ManagedKind,
  instance: ManagedInstance,
  { template, open = [] }: Circumstances,
): Finding | undefined {
  // What other hands run, these may report.
  if (!isProvisioned(instance) && open.length === 0 && descriptorOf(kind).isElsewhere(instance))
    return undefined;
  const running = open.find(({ type }) => verbRules[type].disturbs);
  if (instance.metadata.deletionTimestamp !== undefined) return deletionOf(kind, instance, running?.message);
  const type = running?.type ?? dueOperation(kind, instance, template)?.type;
  if (type === undefined) return failureOf(kind, instance, template) ?? restOf(kind, instance);
  const { verb } = planOf({ kind, type });
  const { message = `${verb} of the ${kindNames[kind].noun} is under way` } = running ?? {};
  const isShown = running?.message !== undefined;
  return { state: 'reconciling', reason: `${verb}InProgress`, message, phase: 'Pending', isShown };
}

function deletionOf(kind: ManagedKind, { metadata }: ManagedInstance, waitsFor: string | undefined): Finding {
  const { noun } = kindNames[kind];
  const { finalizers = [] } = metadata;
  const isDone = finalizers.length > 0 && !finalizers.includes(cleanupFinalizer);
  const held = isDone
    ? `The ${noun} is deleted; its resource is held by the finalizers ${finalizers.join(', ')}`
    : waitsFor;
  return {
    state: 'reconciling',
    phase: 'Pending',
    reason: held === undefined ? 'DeleteInProgress' : 'DeletionBlocked',
    message: held ?? `The ${noun} is being deleted`,
    isShown: held !== undefined,
  };
}

/** Conditions that say how far the operations of an instance have come; all others say what is in their way. */
export function lifecycleConditions(kind: ManagedKind): ReadonlySet<string | undefined> {
  const { ready, synced, deployed } = descriptorOf(kind).conditions;
  return new Set([ready, synced, deployed, ...Object.values(kstatusConditions)]);
}

/** What keeps it from being what it shall be, until a person does something. */
function failureOf(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
): Finding | undefined {
  const { synced } = descriptorOf(kind).conditions;
  const { conditions = [], failedHash, reason = 'Failed', message = '' } = instance.status ?? {};
  const lifecycle = lifecycleConditions(kind);
  const fault = conditions.find((one) => isFault(one) && !lifecycle.has(one.type));
  const recorded = { state: 'stalled', reason, message, isShown: true } as const;
  if (settledPhase(kind, instance) === 'Failed')
    return instance.status?.reason === undefined && fault ? stalledBy(fault) : recorded;
  if (fault !== undefined) return stalledBy(fault);
  if (failedHash !== undefined && aimsAtPhase(failedHash)) return recorded;
  const outOfSync = conditions.find((one) => isFault(one) && one.type === synced);
  if (outOfSync === undefined) return undefined;
  const isObstructed = descriptorOf(kind).obstacle(instance, template) !== undefined;
  return { ...stalledBy(outOfSync), ...(isObstructed ? { phase: 'Failed' as const } : {}) };
}

function stalledBy({ reason = 'Failed', message = '' }: Condition): Finding {
  return { state: 'stalled', reason, message, isShown: true };
}

/** Nothing is to be done: it is awake, or asleep because that was asked for. */
function restOf(kind: ManagedKind, instance: ManagedInstance): Finding {
  const phase = settledPhase(kind, instance);
  const isShown = false;
  if (phase === 'Ready') return { state: 'ready', reason: 'Ready', message: '', isShown };
  if (phase === 'Sleeping') return { state: 'ready', reason: 'Sleeping', message: 'It sleeps', isShown };
  return { state: 'reconciling', reason: 'Pending', message: '', phase: 'Pending', isShown };
}

function withStatus(instance: ManagedInstance, fields: object): ManagedInstance {
  return { ...instance, status: { ...instance.status, ...fields } } as ManagedInstance;
}
