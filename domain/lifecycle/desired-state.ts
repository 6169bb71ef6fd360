import { hasVerb, type ManagedKind } from '../../contracts/kinds.ts';
import { annotations, cleanupFinalizer } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type { ManagedInstance, ManagedTemplate } from '../../contracts/resources/resource-kinds.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { descriptorOf } from '../kinds/kinds.ts';
import { settledPhase } from './settled-phase.ts';
import { targetHashOf } from './verbs.ts';

/** Type of the condition that is False while the instance's namespace is gone, and not there otherwise. */
export const namespaceFound = 'NamespaceFound';
/** The same while the control plane of what is awake does not answer. */
export const controlPlaneReachable = 'ControlPlaneReachable';
/** False once it was made again without the data that somebody deleted, and not there otherwise. */
export const dataKept = 'DataKept';
/** What an operation that ended well shows to be otherwise. */
export const lossConditions = [namespaceFound, controlPlaneReachable] as const;

/** The operation that brings an instance to what its resource says. */
export interface NextOperation {
  readonly type: OperationType;
  /** What it aims at: the desired hash; of sleep and wake with the type before it, as in `status.failedHash`. */
  readonly targetHash: string;
  /**
   * The same for everyone who sees the same need (controller and gateway), and new once another operation has
   * been recorded in the status: a need that comes back (A → B → A) is a new operation.
   */
  readonly idempotencyKey: string;
}

/** Whether the instance was created with success at least once: it has its namespace. */
export function isProvisioned({ status }: Pick<ManagedInstance, 'status'>): boolean {
  return status?.observedHash !== undefined;
}

/** Whether what is deployed is what the spec asks for. */
export function isUpToDate(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
): boolean {
  if (!isProvisioned(instance)) return false;
  return (
    !hasVerb(kind, 'update') ||
    descriptorOf(kind).desiredHash(instance, template) === instance.status?.observedHash
  );
}

/** Whether the sleep annotations ask for sleep. */
export function isSleepWanted({ metadata }: { readonly metadata: ObjectMeta }): boolean {
  return metadata.annotations?.[annotations.sleepForce] === 'true';
}

/**
 * What is to be done for `instance` now, or undefined if nothing is (or was tried in vain already): the first that is needed and
 * did not fail.
 * @param template the one that it is made of, or undefined if there is none
 */
export function nextOperation(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
): NextOperation | undefined {
  const { failedHash } = instance.status ?? {};
  return neededOperations(kind, instance, template).find(({ targetHash }) => targetHash !== failedHash);
}

/**
 * What `instance` asks for, tried in vain or not, in this order: delete, then create, update, sleep, wake. An update does not
 * wake a sleeper, so it comes before the two.
 * @param template the one that it is made of, or undefined if there is none
 */
export function neededOperations(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
): NextOperation[] {
  const { metadata } = instance;
  if (metadata.deletionTimestamp !== undefined) {
    // Without our finalizer there is nothing of ours left to remove: another finalizer holds the resource.
    const ours = metadata.finalizers?.includes(cleanupFinalizer) === true;
    return ours ? [operation(instance, 'delete', 'deleted')] : [];
  }
  const descriptor = descriptorOf(kind);
  const provisioned = isProvisioned(instance);
  // What runs elsewhere, by other hands; an instance that we run cannot become one later.
  if (!provisioned && descriptor.isElsewhere(instance)) return [];
  const hash = descriptor.desiredHash(instance, template);
  const towards = (type: OperationType) => operation(instance, type, targetHashOf(type, hash));
  if (!provisioned) return [towards('create')];
  const isChanged =
    !isUpToDate(kind, instance, template) && descriptor.obstacle(instance, template) === undefined;
  const change = sleepOrWake(kind, instance);
  return [
    ...(isChanged && !isInVain(instance, hash) ? [towards('update')] : []),
    ...(change === undefined ? [] : [towards(change)]),
  ];
}

/** Whether the instance's namespace is gone, or the control plane in it may be. */
function isLost({ status }: ManagedInstance): boolean {
  return (
    status?.conditions?.some(({ type }) => (lossConditions as readonly string[]).includes(type)) === true
  );
}

/** Whether the instance's namespace is gone, with all that was in it. */
export function isNamespaceLost({ status }: ManagedInstance): boolean {
  return status?.conditions?.some(({ type }) => type === namespaceFound) === true;
}

/**
 * What makes again what somebody deleted of an instance in its connected cluster. Only a request is for it: an empty one would
 * hide that what was in it is lost.
 */
export function rebuildOperation(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
): NextOperation | undefined {
  if (!isLost(instance) || !isProvisioned(instance)) return undefined;
  if (instance.metadata.deletionTimestamp !== undefined) return undefined;
  const type = hasVerb(kind, 'update') ? 'update' : 'wake';
  return operation(instance, type, targetHashOf(type, descriptorOf(kind).desiredHash(instance, template)));
}

/** `rebuildOperation`, if annotation `vcluster-platform.io/retry` has another value than when the loss was seen. */
export function requestedRebuild(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
): NextOperation | undefined {
  const request = instance.metadata.annotations?.[annotations.retry] ?? '';
  if (request === '' || request === (instance.status?.lost?.request ?? '')) return undefined;
  return instance.status?.lost === undefined ? undefined : rebuildOperation(kind, instance, template);
}

/** The status of a loss that was seen now, or noted before: which request was there already. */
export function lossNoted(instance: ManagedInstance): { lost: { request: string } } {
  const { metadata, status } = instance;
  const noted = isLost(instance) ? status?.lost?.request : undefined;
  return { lost: { request: noted ?? metadata.annotations?.[annotations.retry] ?? '' } };
}

/** Whether a wake found that it does not start, and nobody asked for it again since. */
function isInVain({ metadata, status }: ManagedInstance, hash: string): boolean {
  const { inVain } = status ?? {};
  return (
    inVain?.hash === hash && (inVain.request ?? '') === (metadata.annotations?.[annotations.retry] ?? '')
  );
}

/** What makes a provisioned instance sleep or be awake as its annotations say; undefined if it is so. */
export function sleepOrWake(kind: ManagedKind, instance: ManagedInstance): 'sleep' | 'wake' | undefined {
  if (!hasVerb(kind, 'sleep')) return undefined;
  const wanted = isSleepWanted(instance);
  const phase = settledPhase(kind, instance);
  if (wanted && phase === 'Ready') return 'sleep';
  return !wanted && phase === 'Sleeping' ? 'wake' : undefined;
}

function operation(
  { metadata, status }: ManagedInstance,
  type: OperationType,
  targetHash: string,
): NextOperation {
  const before = status?.lastOperation?.id ?? 'none';
  return { type, targetHash, idempotencyKey: `${metadata.uid ?? ''}:${type}:${targetHash}:${before}` };
}
