import type { OperationRequest, SubjectKind } from '../../contracts/operations.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { desiredHash, nextOperation } from '../../domain/desired-state.ts';
import { nextSpaceOperation, spaceHash } from '../../domain/space-state.ts';
import type { Caller } from '../identity/caller.ts';
import type { GatewayDirectory } from '../cache/resource-cache.ts';
import type { SubjectInstance } from './request-change.ts';

/** Target and idempotency key of a submit. */
export interface SubmitPlan {
  readonly targetHash: string;
  readonly idempotencyKey: string;
}

/** Key under which a client's own `Idempotency-Key` is kept: callers do not share keys. */
export function clientKey(caller: Caller, given: string): string {
  return `client:${caller.identity.user}:${given}`;
}

/**
 * What to submit for an instance whose resource says by now what was asked for. Where the controllers see the
 * same need, target and key are theirs, so that both submits meet in one operation; a request beyond that
 * (a retry, a snapshot) is one of its own.
 */
export function planSubmit(
  directory: Pick<GatewayDirectory, 'template'>,
  kind: SubjectKind,
  instance: SubjectInstance,
  { type }: OperationRequest,
  request: { requestId: string; givenKey: string | undefined },
): SubmitPlan {
  const { next, hash } =
    kind === 'space'
      ? { next: nextSpaceOperation(instance as SpaceInstance), hash: spaceHash(instance as SpaceInstance) }
      : tenantNeed(directory, instance as VirtualClusterInstance);
  const own = request.givenKey ?? `request:${request.requestId}`;
  if (next?.type === type)
    return { targetHash: next.targetHash, idempotencyKey: request.givenKey ?? next.idempotencyKey };
  return { targetHash: type === 'sleep' || type === 'wake' ? `${type}:${hash}` : hash, idempotencyKey: own };
}

function tenantNeed(directory: Pick<GatewayDirectory, 'template'>, instance: VirtualClusterInstance) {
  const name = instance.spec?.templateRef?.name;
  const template = name === undefined ? undefined : directory.template(name);
  return { next: nextOperation(instance, template), hash: desiredHash(instance, template) };
}
