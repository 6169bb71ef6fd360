import { cleanupFinalizer } from '../contracts/names.ts';
import type { SpaceOperationType } from '../contracts/operations.ts';
import type { SpaceInstance } from '../contracts/resources/space-instance.ts';
import { contentHash } from './content-hash.ts';
import { isSleepWanted } from './desired-state.ts';

/** The operation that brings a space to what its resource says (as NextOperation of desired-state.ts). */
export interface NextSpaceOperation {
  readonly type: SpaceOperationType;
  readonly targetHash: string;
  readonly idempotencyKey: string;
}

/**
 * Hash of what is asked for. A space has nothing that an operation would update (its access is kept in step by
 * controllers/spaces/space-access.ts), so a new hash only means that what failed is worth another try. Where it is placed
 * is not in it, since the platform writes that itself.
 */
export function spaceHash({ spec }: SpaceInstance): string {
  const { clusterRef: _ours, ...asked } = spec ?? {};
  return contentHash(asked);
}

/** Whether the namespace was made and is ours. */
export function isSpaceMade({ status }: SpaceInstance): boolean {
  return status?.observedHash !== undefined;
}

/** What is to be done for `space` now, or undefined if nothing is (or was tried in vain already). */
export function nextSpaceOperation(space: SpaceInstance): NextSpaceOperation | undefined {
  const { metadata, status } = space;
  if (metadata.deletionTimestamp !== undefined) {
    // Without our finalizer there is nothing of ours left to remove: somebody else's finalizer holds the resource.
    return metadata.finalizers?.includes(cleanupFinalizer) === true
      ? operation(space, 'delete', 'deleted')
      : undefined;
  }
  const hash = spaceHash(space);
  if (!isSpaceMade(space)) return unlessFailed(space, 'create', hash);
  const sleepWanted = isSleepWanted(space);
  if (sleepWanted && status?.phase === 'Ready') return unlessFailed(space, 'sleep', `sleep:${hash}`);
  if (!sleepWanted && status?.phase === 'Sleeping') return unlessFailed(space, 'wake', `wake:${hash}`);
  return undefined;
}

function unlessFailed(
  space: SpaceInstance,
  type: SpaceOperationType,
  targetHash: string,
): NextSpaceOperation | undefined {
  return space.status?.failedHash === targetHash ? undefined : operation(space, type, targetHash);
}

function operation(space: SpaceInstance, type: SpaceOperationType, targetHash: string): NextSpaceOperation {
  const before = space.status?.lastOperation?.id ?? 'none';
  return { type, targetHash, idempotencyKey: `${space.metadata.uid ?? ''}:${type}:${targetHash}:${before}` };
}
