import { PlatformError } from '../../contracts/errors.ts';
import { annotations, managementGroup, managementVersion, projectNamespace } from '../../contracts/names.ts';
import {
  type OperationRequest,
  type Subject,
  subjectNouns,
  subjectPlurals,
} from '../../contracts/operations.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { subjectAction } from '../authorization/action.ts';
import { subjectNotFound } from '../authorization/subject-not-found.ts';
import type { Caller } from '../identity/caller.ts';
import { snapshotAction } from '../authorization/scope-check.ts';
import type { Gateway } from '../gateway.ts';
import { type JsonAnswer, statusMessage } from '../upstreams/json-request.ts';

type Deps = Pick<Gateway, 'managementJson' | 'review'>;

/** Which tenant cluster or space, asked by whom. */
export interface InstanceRequest extends Subject {
  readonly caller: Caller;
  readonly requestId: string;
}

/** The resource of a tenant cluster or space. */
export type SubjectInstance = VirtualClusterInstance | SpaceInstance;

/**
 * The instance as the caller sees it in the management API.
 * @throws PlatformError `tenant_cluster_not_found`, `space_not_found` also if the caller may not see it
 */
export async function readInstance(deps: Deps, request: InstanceRequest): Promise<SubjectInstance> {
  const answer = await send(deps, request, 'GET');
  if (answer.status === 200) return answer.body as SubjectInstance;
  if (answer.status === 403 || answer.status === 404) throw subjectNotFound(request);
  throw failure(answer);
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
  instance: SubjectInstance,
  { type, parameters }: OperationRequest,
  now: number,
): Promise<SubjectInstance> {
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
      await requireVerb(deps, request, 'update');
      return instance;
    case 'restore':
      await requireRestore(deps, request);
      return instance;
  }
}

/** Who may change it, or at least its snapshots (as keys of one tenant cluster may). @throws PlatformError `forbidden` */
async function requireRestore(deps: Deps, request: InstanceRequest): Promise<void> {
  const { identity } = request.caller;
  if (await deps.review.allows(identity, snapshotAction(subjectAction('update', request)))) return;
  await requireVerb(deps, request, 'update');
}

/** @throws PlatformError `forbidden` if the caller may not do `verb` with the instance */
export async function requireVerb(
  deps: Deps,
  { caller, ...subject }: InstanceRequest,
  verb: string,
): Promise<void> {
  if (await deps.review.allows(caller.identity, subjectAction(verb, subject))) return;
  const { kind, project, name } = subject;
  throw new PlatformError(
    'forbidden',
    `you may not ${verb} ${subjectNouns[kind]} ${name} of project ${project}`,
  );
}

async function patchAnnotations(
  deps: Deps,
  request: InstanceRequest,
  changed: Record<string, string | null>,
): Promise<SubjectInstance> {
  const answer = await send(deps, request, 'PATCH', { metadata: { annotations: changed } });
  if (answer.status === 200) return answer.body as SubjectInstance;
  throw answer.status === 404 ? subjectNotFound(request) : failure(answer);
}

async function deleteInstance(
  deps: Deps,
  request: InstanceRequest,
  instance: SubjectInstance,
): Promise<SubjectInstance> {
  const answer = await send(deps, request, 'DELETE', {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid: instance.metadata.uid },
  });
  if (answer.status === 404) throw subjectNotFound(request);
  if (answer.status !== 200 && answer.status !== 202) throw failure(answer);
  const deleted = answer.body as SubjectInstance | { kind: 'Status' };
  return 'metadata' in deleted && deleted.metadata.uid !== undefined ? deleted : instance;
}

function send(
  deps: Deps,
  { caller, kind, project, name, requestId }: InstanceRequest,
  method: 'GET' | 'PATCH' | 'DELETE',
  body?: unknown,
): Promise<JsonAnswer> {
  return deps.managementJson(caller.identity, {
    method,
    path: `/apis/${managementGroup}/${managementVersion}/namespaces/${projectNamespace(project)}/${subjectPlurals[kind]}/${name}`,
    requestId,
    ...(body === undefined ? {} : { body }),
    ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
  });
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
