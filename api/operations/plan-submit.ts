import type { OperationRequest } from '../../contracts/operations.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { desiredHash, nextOperation } from '../../domain/desired-state.ts';
import type { Caller } from '../auth/caller.ts';
import type { GatewayDirectory } from '../directory.ts';

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
  instance: VirtualClusterInstance,
  { type }: OperationRequest,
  request: { requestId: string; givenKey: string | undefined },
): SubmitPlan {
  const templateName = instance.spec?.templateRef?.name;
  const template = templateName === undefined ? undefined : directory.template(templateName);
  const next = nextOperation(instance, template);
  const own = request.givenKey ?? `request:${request.requestId}`;
  if (next?.type === type)
    return { targetHash: next.targetHash, idempotencyKey: request.givenKey ?? next.idempotencyKey };
  const hash = desiredHash(instance, template);
  return { targetHash: type === 'sleep' || type === 'wake' ? `${type}:${hash}` : hash, idempotencyKey: own };
}
