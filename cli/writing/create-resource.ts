import { setTimeout as delay } from 'node:timers/promises';
import { errorTable } from '../../contracts/errors.ts';
import { managementApiVersion, projectNamespace } from '../../contracts/names.ts';
import { kindNames, type ManagedKind, type OperationTarget } from '../../contracts/kinds.ts';
import { isFinal, type Operation } from '../../contracts/operations.ts';
import {
  type InstanceOf,
  type ManagedInstance,
  resourceKinds,
} from '../../contracts/resources/resource-kinds.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { collectionPath } from '../reading/management.ts';

/** Creates the resource of a tenant cluster or space; `query` may make it a dry run. @param annotations of the resource */
export async function createResource<K extends ManagedKind>(
  client: Client,
  target: OperationTarget & { readonly kind: K },
  spec: InstanceOf<K>['spec'],
  query = '',
  annotations: Readonly<Record<string, string>> = {},
): Promise<InstanceOf<K>> {
  const { kind, project, name } = target;
  const namespace = projectNamespace(project);
  const resource = {
    apiVersion: managementApiVersion,
    kind: resourceKinds[kindNames[kind].plural].kind,
    metadata: { name, namespace, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec,
  } as InstanceOf<K>;
  return record(client, collectionPath(kind, project), resource, query).catch((error: unknown) => {
    throw isMissing(error, 'namespaces', namespace)
      ? new CommandFailure('project_not_found', `project "${project}" not found`)
      : error;
  });
}

const recordMs = 30_000;

/** Creates the resource. An API that is not ready yet (a platform that has just started) is asked again for a while. */
async function record<R extends ManagedInstance>(
  client: Client,
  path: string,
  resource: R,
  query: string,
): Promise<R> {
  const deadline = Date.now() + recordMs;
  for (let first = true; ; first = false) {
    try {
      return await client.call<R>('POST', `${path}${query}`, resource);
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      // The answer to the attempt before was lost: it is the one we made.
      if (error.code === 'already_exists' && !first)
        return client.call('GET', `${path}/${resource.metadata.name}`);
      if (error.problem === undefined || errorTable[error.code].status !== 503 || Date.now() > deadline)
        throw error;
    }
    await delay(500);
  }
}

/** Whether the API answered that the object a request needs is not there. */
function isMissing(error: unknown, kind: string, name: string): boolean {
  if (!(error instanceof CommandFailure) || error.code !== 'not_found') return false;
  const { details } = error.problem as { details?: { kind?: unknown; name?: unknown } };
  return details?.kind === kind && details.name === name;
}

const appearsMs = 30_000;

/**
 * The create operation that the platform begins for a new instance. Its maker's own rights on it come a moment
 * after the instance, so "not found" is asked again for a while.
 */
export async function firstOperation(
  client: Client,
  target: OperationTarget,
  { metadata }: ManagedInstance,
): Promise<Operation> {
  const deadline = Date.now() + appearsMs;
  const createdAt = Date.parse(metadata.creationTimestamp ?? '');
  while (Date.now() < deadline) {
    const operations = await listOperations(client, target);
    // Creation times of resources are whole seconds.
    const found = operations.find(
      ({ type, state, createdAt: at }) =>
        type === 'create' && (!isFinal(state) || Date.parse(at) >= createdAt),
    );
    if (found !== undefined) return found;
    await delay(50);
  }
  throw new CommandFailure(
    'management_unavailable',
    `the ${kindNames[target.kind].noun} is recorded, but its creation did not start within ${appearsMs / 1000} s; follow it with: vcp operations list --project ${target.project}`,
  );
}

async function listOperations(client: Client, target: OperationTarget): Promise<Operation[]> {
  try {
    const { kind, project, name } = target;
    const { items } = await client.api
      .of(kind)
      .listOperations({ params: { project, name }, query: { limit: '5' } });
    return items;
  } catch (error) {
    if (
      error instanceof CommandFailure &&
      (errorTable[error.code].retryable || errorTable[error.code].status === 404)
    )
      return [];
    throw error;
  }
}
