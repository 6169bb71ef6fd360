import { annotations, cleanupFinalizer } from '../contracts/names.ts';
import type { OperationType } from '../contracts/operations.ts';
import type { VirtualClusterInstance } from '../contracts/resources/virtual-cluster-instance.ts';
import type { VirtualClusterTemplate } from '../contracts/resources/virtual-cluster-template.ts';
import { contentHash } from './content-hash.ts';
import { isVersionPattern, resolveTemplate } from './template-version.ts';

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

/**
 * Hash of what is to be deployed for `instance`: its template, parameters and, where the reference follows a
 * template's versions, what it selects now. Place, names, owner and access are not part of it.
 * @param template the one that `spec.templateRef` names, or undefined if there is none
 */
export function desiredHash(
  instance: VirtualClusterInstance,
  template: VirtualClusterTemplate | undefined,
): string {
  const { templateRef, template: inline, parameters } = instance.spec ?? {};
  const name = templateRef?.name || undefined;
  const version = templateRef?.version || undefined;
  const selected =
    name === undefined || template === undefined ? undefined : resolveTemplate(template, version);
  // A create that failed for want of its template is tried again once the template is there.
  const missing = name !== undefined && selected === undefined && !isDeployed(instance) ? true : undefined;
  const followed = version !== undefined && isVersionPattern(version) ? selected : undefined;
  return contentHash({ name, version, inline, parameters: parameters || undefined, followed, missing });
}

/** Whether the instance was deployed at least once. */
export function isDeployed(instance: VirtualClusterInstance): boolean {
  return instance.status?.observedHash !== undefined;
}

/** Whether the sleep annotations ask for sleep. */
export function isSleepWanted(instance: Pick<VirtualClusterInstance, 'metadata'>): boolean {
  return instance.metadata.annotations?.[annotations.sleepForce] === 'true';
}

/**
 * What is to be done for `instance` now, or undefined if nothing is (or was tried in vain already): delete,
 * then create, update, sleep, wake. An update does not wake a sleeper, so it comes before the two.
 * @param template as for {@link desiredHash}
 */
export function nextOperation(
  instance: VirtualClusterInstance,
  template: VirtualClusterTemplate | undefined,
): NextOperation | undefined {
  if (instance.metadata.deletionTimestamp !== undefined) {
    // Without our finalizer there is nothing of ours left to remove: somebody else's finalizer holds the resource.
    const ours = instance.metadata.finalizers?.includes(cleanupFinalizer) === true;
    return ours ? operation(instance, 'delete', 'deleted') : undefined;
  }
  const { external, networkPeer, standalone } = instance.spec ?? {};
  // What runs elsewhere, by other hands; of what we run ourselves nobody can say so later.
  const isElsewhere = external === true || networkPeer === true || standalone === true;
  if (isElsewhere && !isDeployed(instance)) return undefined;
  const hash = desiredHash(instance, template);
  const { observedHash, failedHash, phase } = instance.status ?? {};
  if (!isDeployed(instance)) return hash === failedHash ? undefined : operation(instance, 'create', hash);
  if (hash !== observedHash && hash !== failedHash && canFollow(instance, template)) {
    return operation(instance, 'update', hash);
  }
  const wanted = isSleepWanted(instance);
  if (wanted && phase === 'Ready') return unlessFailed(instance, 'sleep', hash);
  if (!wanted && phase === 'Sleeping') return unlessFailed(instance, 'wake', hash);
  return undefined;
}

/** A template that went away takes nothing from what runs: an instance that follows it stays as it is. */
function canFollow(instance: VirtualClusterInstance, template: VirtualClusterTemplate | undefined): boolean {
  const { name, version } = instance.spec?.templateRef ?? {};
  if (!name || !version || !isVersionPattern(version)) return true;
  return template !== undefined && resolveTemplate(template, version) !== undefined;
}

function unlessFailed(
  instance: VirtualClusterInstance,
  type: 'sleep' | 'wake',
  hash: string,
): NextOperation | undefined {
  const target = `${type}:${hash}`;
  return instance.status?.failedHash === target ? undefined : operation(instance, type, target);
}

function operation(instance: VirtualClusterInstance, type: OperationType, targetHash: string): NextOperation {
  const before = instance.status?.lastOperation?.id ?? 'none';
  return {
    type,
    targetHash,
    idempotencyKey: `${instance.metadata.uid ?? ''}:${type}:${targetHash}:${before}`,
  };
}
