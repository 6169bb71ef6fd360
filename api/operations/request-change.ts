import { PlatformError } from '../../contracts/errors.ts';
import { annotations, managementGroup, managementVersion, projectNamespace } from '../../contracts/names.ts';
import type { OperationRequest } from '../../contracts/operations.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { instanceAction } from '../access/action.ts';
import type { Caller } from '../auth/caller.ts';
import type { Gateway } from '../gateway.ts';
import { type JsonAnswer, statusMessage } from '../kubernetes/json-request.ts';

type Deps = Pick<Gateway, 'managementJson' | 'review'>;

/** Which tenant cluster, asked by whom. */
export interface InstanceRequest {
  readonly caller: Caller;
  readonly project: string;
  readonly name: string;
  readonly requestId: string;
}

/**
 * The instance as the caller sees it in the management API.
 * @throws PlatformError `tenant_cluster_not_found` also if the caller may not see it
 */
export async function readInstance(deps: Deps, request: InstanceRequest): Promise<VirtualClusterInstance> {
  const answer = await send(deps, request, 'GET');
  if (answer.status === 200) return answer.body as VirtualClusterInstance;
  if (answer.status === 403 || answer.status === 404) throw notFound(request);
  throw failure(answer);
}

/**
 * Writes into the resource what an operation means, under the caller's own identity, so that RBAC and admission
 * decide: sleep and wake are annotations, delete is the deletion. The others change nothing in the resource and
 * need the right to update it.
 * @returns the instance as it is now
 * @throws PlatformError `forbidden`, `conflict`, `invalid_request`, `tenant_cluster_not_found`
 */
export async function requestChange(
  deps: Deps,
  request: InstanceRequest,
  instance: VirtualClusterInstance,
  { type, parameters }: OperationRequest,
  now: number,
): Promise<VirtualClusterInstance> {
  switch (type) {
    case 'sleep':
      return patchAnnotations(deps, request, {
        [annotations.sleepForce]: 'true',
        [annotations.sleepForceDuration]:
          parameters?.forceDurationSeconds === undefined ? null : String(parameters.forceDurationSeconds),
      });
    case 'wake':
      return patchAnnotations(deps, request, {
        [annotations.sleepForce]: null,
        [annotations.sleepForceDuration]: null,
        [annotations.lastActivity]: String(Math.floor(now / 1000)),
      });
    case 'delete':
      return deleteInstance(deps, request, instance);
    case 'create':
    case 'update':
    case 'snapshot':
    case 'restore':
      await requireVerb(deps, request, 'update');
      return instance;
  }
}

/** @throws PlatformError `forbidden` if the caller may not do `verb` with the instance */
export async function requireVerb(
  deps: Deps,
  { caller, project, name }: InstanceRequest,
  verb: string,
): Promise<void> {
  if (await deps.review.allows(caller.identity, instanceAction(verb, project, name))) return;
  throw new PlatformError('forbidden', `you may not ${verb} tenant cluster ${name} of project ${project}`);
}

async function patchAnnotations(
  deps: Deps,
  request: InstanceRequest,
  changed: Record<string, string | null>,
): Promise<VirtualClusterInstance> {
  const answer = await send(deps, request, 'PATCH', { metadata: { annotations: changed } });
  if (answer.status === 200) return answer.body as VirtualClusterInstance;
  throw answer.status === 404 ? notFound(request) : failure(answer);
}

async function deleteInstance(
  deps: Deps,
  request: InstanceRequest,
  instance: VirtualClusterInstance,
): Promise<VirtualClusterInstance> {
  const answer = await send(deps, request, 'DELETE', {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid: instance.metadata.uid },
  });
  if (answer.status === 404) throw notFound(request);
  if (answer.status !== 200 && answer.status !== 202) throw failure(answer);
  const deleted = answer.body as VirtualClusterInstance | { kind: 'Status' };
  return 'metadata' in deleted && deleted.metadata.uid !== undefined ? deleted : instance;
}

function send(
  deps: Deps,
  { caller, project, name, requestId }: InstanceRequest,
  method: 'GET' | 'PATCH' | 'DELETE',
  body?: unknown,
): Promise<JsonAnswer> {
  return deps.managementJson(caller.identity, {
    method,
    path: `/apis/${managementGroup}/${managementVersion}/namespaces/${projectNamespace(project)}/virtualclusterinstances/${name}`,
    requestId,
    ...(body === undefined ? {} : { body }),
    ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
  });
}

function notFound({ project, name }: InstanceRequest): PlatformError {
  return new PlatformError(
    'tenant_cluster_not_found',
    `there is no tenant cluster "${name}" in project "${project}", or you may not see it`,
  );
}

function failure(answer: JsonAnswer): PlatformError {
  const message = statusMessage(answer);
  if (answer.status === 403) return new PlatformError('forbidden', message);
  if (answer.status === 409) return new PlatformError('conflict', message);
  if (answer.status < 500 && answer.status !== 429) return new PlatformError('invalid_request', message);
  return new PlatformError(
    'management_unavailable',
    'the management API could not do it at the moment; try again',
    {
      cause: new Error(message),
    },
  );
}
