import type { ManagedKind } from '../../contracts/kinds.ts';
import type { OperationRequest } from '../../contracts/operations.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { type AttemptMark, requestOf } from '../../domain/attempts.ts';
import { nextOperation } from '../../domain/desired-state.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { targetHashOf } from '../../domain/verbs.ts';
import type { Caller } from '../identity/caller.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';

/** Target and idempotency key of a submit. */
export interface SubmitPlan {
  readonly targetHash: string;
  readonly idempotencyKey: string;
  readonly mark: AttemptMark;
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
  cache: Pick<ResourceCache, 'template'>,
  kind: ManagedKind,
  instance: ManagedInstance,
  { type }: OperationRequest,
  request: { requestId: string; givenKey: string | undefined },
): SubmitPlan {
  const descriptor = descriptorOf(kind);
  const name = descriptor.templateName(instance);
  const template = name === undefined ? undefined : cache.template(name);
  const mark = requestOf(instance.metadata.annotations);
  const next = nextOperation(kind, instance, template);
  if (next?.type === type)
    return { targetHash: next.targetHash, idempotencyKey: request.givenKey ?? next.idempotencyKey, mark };
  return {
    targetHash: targetHashOf(type, descriptor.desiredHash(instance, template)),
    idempotencyKey: request.givenKey ?? `request:${request.requestId}`,
    mark,
  };
}
