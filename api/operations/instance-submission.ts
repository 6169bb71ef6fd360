import type { ManagedKind } from '../../contracts/kinds.ts';
import type { OperationPreview } from '../../contracts/operation-preview.ts';
import type { Operation, OperationRequest } from '../../contracts/operations.ts';
import type { ManagedInstance, ManagedTemplate } from '../../contracts/resources/resource-kinds.ts';
import { requestOf } from '../../domain/lifecycle/attempts.ts';
import { nextOperation } from '../../domain/lifecycle/desired-state.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { targetHashOf } from '../../domain/lifecycle/verbs.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import type { SubmitRequest } from './operations-service.ts';
import type { InstanceRequest } from './request-change.ts';

/** Target and idempotency key of a submit. */
type SubmitPlan = Required<Pick<SubmitRequest, 'targetHash' | 'idempotencyKey'>>;
/** An operation that is to be submitted, without whose it is. */
export type PlannedRequest = SubmitPlan & Pick<SubmitRequest, 'type' | 'parameters'>;

/** Queues an operation of `instance`, whose resource says by now what was asked for, in the caller's name. */
export function submitFor(
  gateway: Pick<Gateway, 'cache' | 'operations'>,
  asked: InstanceRequest,
  instance: ManagedInstance,
  operation: PlannedRequest,
): Promise<Operation> {
  return gateway.operations.submit(submissionOf(gateway, asked, instance, operation));
}

/** What {@link submitFor} would do. */
export function previewFor(
  gateway: Pick<Gateway, 'cache' | 'operations'>,
  asked: InstanceRequest,
  instance: ManagedInstance,
  operation: PlannedRequest,
): Promise<OperationPreview> {
  return gateway.operations.preview(submissionOf(gateway, asked, instance, operation));
}

function submissionOf(
  { cache }: Pick<Gateway, 'cache'>,
  { caller, kind, project, name, requestId }: InstanceRequest,
  { metadata }: ManagedInstance,
  operation: PlannedRequest,
): SubmitRequest {
  return {
    ...operation,
    kind,
    project,
    name,
    uid: metadata.uid ?? '',
    projectUid: cache.projects().find((one) => one.metadata.name === project)?.metadata.uid,
    actor: caller.identity.user,
    actorUid: caller.uid,
    requestId,
    mark: requestOf(metadata.annotations),
  };
}

/** The template that the instance is made of; undefined if it names none, or one that does not exist. */
export function templateOf(
  cache: Pick<ResourceCache, 'template'>,
  kind: ManagedKind,
  instance: ManagedInstance,
): ManagedTemplate | undefined {
  const name = descriptorOf(kind).templateName(instance);
  return name === undefined ? undefined : cache.template(kind, name);
}

/** Key under which a client's own `Idempotency-Key` is kept: callers do not share keys. */
export function clientKey(caller: Caller, given: string): string {
  return `client:${caller.identity.user}:${given}`;
}

/** Key of an operation that only this request asks for. */
export function requestKey(requestId: string): string {
  return `request:${requestId}`;
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
  const template = templateOf(cache, kind, instance);
  const next = nextOperation(kind, instance, template);
  if (next?.type === type)
    return { targetHash: next.targetHash, idempotencyKey: request.givenKey ?? next.idempotencyKey };
  return {
    targetHash: targetHashOf(type, descriptorOf(kind).desiredHash(instance, template)),
    idempotencyKey: request.givenKey ?? requestKey(request.requestId),
  };
}
