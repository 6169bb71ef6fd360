import type { ErrorCode } from '../../contracts/errors.ts';
import { kindNames, type ManagedKind, type OperationTarget } from '../../contracts/kinds.ts';
import { managementApiVersion, projectNamespace } from '../../contracts/names.ts';
import type { InstanceOf, ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';

/** Where the resources of the management API are. */
export const managementResources = `/kubernetes/management/apis/${managementApiVersion}`;

/** The collection of a kind's instances, in a project or in all. */
export function collectionPath(kind: ManagedKind, project?: string): string {
  const { plural } = kindNames[kind];
  return project === undefined
    ? `${managementResources}/${plural}`
    : `${managementResources}/namespaces/${projectNamespace(project)}/${plural}`;
}

export function instancePath({ kind, project, name }: OperationTarget): string {
  return `${collectionPath(kind, project)}/${name}`;
}

/** The whole resource. @throws CommandFailure the kind's own code also if the caller may not see it */
export async function readInstance<K extends ManagedKind>(
  client: Client,
  target: OperationTarget & { readonly kind: K },
): Promise<InstanceOf<K>> {
  return client
    .call<InstanceOf<K>>('GET', instancePath(target))
    .catch(notFound(target, ['not_found', 'forbidden']));
}

/** What is not there, and what one may not see, is the same. */
export function notFound(
  { kind, project, name }: OperationTarget,
  codes: readonly ErrorCode[],
): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CommandFailure) || !codes.includes(error.code)) throw error;
    const { noun, notFound: code } = kindNames[kind];
    throw new CommandFailure(
      code,
      `${noun} "${name}" not found in project "${project}", or you may not see it`,
      {
        requestId: error.requestId,
        problem: error.problem,
      },
    );
  };
}

/** A resource as its file would have it: without what only the platform reads. */
export function withoutManagedFields<R extends Pick<ManagedInstance, 'metadata'>>(resource: R): R {
  const { managedFields: _fields, ...metadata } = resource.metadata as R['metadata'] & {
    readonly managedFields?: unknown;
  };
  return { ...resource, metadata };
}
