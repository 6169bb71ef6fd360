import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, type OperationTarget } from '../../contracts/kinds.ts';
import { managementGroup, managementVersion, projectNamespace } from '../../contracts/names.ts';
import type { OperationRequest } from '../../contracts/operations.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { verbRules } from '../../domain/lifecycle/verbs.ts';
import { targetAction } from '../authorization/action.ts';
import { snapshotAction } from '../authorization/scope-check.ts';
import { targetNotFound } from '../authorization/target-access.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { type JsonAnswer, statusMessage } from '../upstreams/json-request.ts';

type Deps = Pick<Gateway, 'managementJson' | 'review'>;

/** A tenant cluster or space, and the caller. */
export interface InstanceRequest extends OperationTarget {
  readonly caller: Caller;
  readonly requestId: string;
  /** The management API judges what would be written, and keeps nothing of it. */
  readonly dryRun?: boolean;
}

/**
 * The instance as the caller sees it in the management API.
 * @throws PlatformError `tenant_cluster_not_found`, `space_not_found` also if the caller may not see it
 */
export async function readInstance(deps: Deps, request: InstanceRequest): Promise<ManagedInstance> {
  const answer = await send(deps, request, 'GET');
  if (answer.status === 200) return answer.body as ManagedInstance;
  if (answer.status === 403 || answer.status === 404) throw targetNotFound(request);
  throw requestFailure(answer);
}

/**
 * Writes into the resource what an operation means, under the caller's own identity, so that RBAC and admission
 * decide: sleep and wake are annotations, delete is the deletion. The others change nothing in the resource and
 * need the right to update it.
 * @returns the instance as it is now
 * @throws PlatformError `forbidden`, `conflict`, `invalid_request`, `tenant_cluster_not_found`, `space_not_found`
 */
export async function requestChange(
  deps: Deps,
  request: InstanceRequest,
  instance: ManagedInstance,
  { type, parameters }: OperationRequest,
  now: Date,
): Promise<ManagedInstance> {
  const { request: asks } = verbRules[type];
  if ('annotate' in asks) return patchAnnotations(deps, request, asks.annotate(parameters ?? {}, now));
  if ('delete' in asks) return deleteInstance(deps, request, instance);
  if (!('snapshots' in asks && asks.snapshots === true && (await mayUpdateSnapshots(deps, request))))
    await requireVerb(deps, request, asks.check);
  return instance;
}

/** Whether the caller may change its snapshots, as keys of one tenant cluster may. */
async function mayUpdateSnapshots(deps: Deps, { caller, ...target }: InstanceRequest): Promise<boolean> {
  return deps.review.allows(caller.identity, snapshotAction(targetAction('update', target)));
}

/** @throws PlatformError `forbidden` if the caller may not do `verb` with the instance */
export async function requireVerb(
  deps: Deps,
  { caller, ...target }: InstanceRequest,
  verb: string,
): Promise<void> {
  if (await deps.review.allows(caller.identity, targetAction(verb, target))) return;
  const { kind, project, name } = target;
  throw new PlatformError(
    'forbidden',
    `you may not ${verb} ${kindNames[kind].noun} ${name} of project ${project}`,
  );
}

/** Writes annotations under the caller's identity. @throws PlatformError as `requestChange` */
export async function patchAnnotations(
  deps: Deps,
  request: InstanceRequest,
  changed: Record<string, string | null>,
): Promise<ManagedInstance> {
  const answer = await send(deps, request, 'PATCH', { metadata: { annotations: changed } });
  if (answer.status === 200) return answer.body as ManagedInstance;
  throw answer.status === 404 ? targetNotFound(request) : requestFailure(answer);
}

async function deleteInstance(
  deps: Deps,
  request: InstanceRequest,
  instance: ManagedInstance,
): Promise<ManagedInstance> {
  const answer = await send(deps, request, 'DELETE', {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid: instance.metadata.uid },
    // Said here: beside a body the API server reads no query.
    ...(request.dryRun === true ? { dryRun: ['All'] } : {}),
  });
  if (answer.status === 404) throw targetNotFound(request);
  if (answer.status !== 200 && answer.status !== 202) throw requestFailure(answer);
  const deleted = answer.body as ManagedInstance | { kind: 'Status' };
  return 'metadata' in deleted && deleted.metadata.uid !== undefined ? deleted : instance;
}

function send(
  deps: Deps,
  { caller, kind, project, name, requestId, dryRun }: InstanceRequest,
  method: 'GET' | 'PATCH' | 'DELETE',
  body?: object,
): Promise<JsonAnswer> {
  const query = method === 'PATCH' && dryRun === true ? '?dryRun=All' : '';
  return deps.managementJson(caller.identity, {
    method,
    path: `/apis/${managementGroup}/${managementVersion}/namespaces/${projectNamespace(project)}/${kindNames[kind].plural}/${name}${query}`,
    requestId,
    ...(body === undefined ? {} : { body }),
    ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
  });
}

/** The error for an answer of the management API to a change that was asked for. */
export function requestFailure(answer: JsonAnswer): PlatformError {
  const message = statusMessage(answer);
  if (answer.status === 403) return new PlatformError('forbidden', message);
  if (answer.status === 409) return new PlatformError('conflict', message);
  if (answer.status < 500 && answer.status !== 429) return new PlatformError('invalid_request', message);
  return new PlatformError(
    'management_unavailable',
    'the management API failed to make the change; try again',
    {
      cause: new Error(message),
    },
  );
}
