import { hasVerb, type ManagedKind } from '../contracts/kinds.ts';
import { annotations, cleanupFinalizer } from '../contracts/names.ts';
import type { ObjectMeta } from '../contracts/resources/object-meta.ts';
import type { ManagedInstance } from '../contracts/resources/resource-kinds.ts';
import type { VirtualClusterTemplate } from '../contracts/resources/virtual-cluster-template.ts';
import type { OperationType } from '../contracts/verbs.ts';
import { descriptorOf } from './kinds/kinds.ts';
import { targetHashOf } from './verbs.ts';

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

/** Whether the sleep annotations ask for sleep. */
export function isSleepWanted({ metadata }: { readonly metadata: ObjectMeta }): boolean {
  return metadata.annotations?.[annotations.sleepForce] === 'true';
}

/**
 * What is to be done for `instance` now, or undefined if nothing is (or was tried in vain already): delete,
 * then create, update, sleep, wake. An update does not wake a sleeper, so it comes before the two.
 * @param template the one that it is made of, or undefined if there is none
 */
export function nextOperation(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: VirtualClusterTemplate | undefined,
): NextOperation | undefined {
  const { metadata } = instance;
  if (metadata.deletionTimestamp !== undefined) {
    // Without our finalizer there is nothing of ours left to remove: another finalizer holds the resource.
    const ours = metadata.finalizers?.includes(cleanupFinalizer) === true;
    return ours ? operation(instance, 'delete', 'deleted') : undefined;
  }
  const descriptor = descriptorOf(kind);
  const provisioned = isProvisioned(instance);
  // What runs elsewhere, by other hands; an instance that we run cannot become one later.
  if (!provisioned && descriptor.isElsewhere(instance)) return undefined;
  const hash = descriptor.desiredHash(instance, template);
  const unlessFailed = (type: OperationType): NextOperation | undefined => {
    const target = targetHashOf(type, hash);
    return instance.status?.failedHash === target ? undefined : operation(instance, type, target);
  };
  if (!provisioned) return unlessFailed('create');
  if (
    hasVerb(kind, 'update') &&
    hash !== instance.status?.observedHash &&
    descriptor.canUpdate(instance, template)
  ) {
    const update = unlessFailed('update');
    if (update !== undefined) return update;
  }
  const change = hasVerb(kind, 'sleep') ? sleepOrWake(instance) : undefined;
  return change === undefined ? undefined : unlessFailed(change);
}

function sleepOrWake(instance: ManagedInstance): 'sleep' | 'wake' | undefined {
  const wanted = isSleepWanted(instance);
  const phase = instance.status?.phase;
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
