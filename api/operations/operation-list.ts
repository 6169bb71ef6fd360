import { PlatformError } from '../../contracts/errors.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import { managedKinds } from '../../contracts/kinds.ts';
import { type Operation, targetOf } from '../../contracts/operations.ts';
import type { OperationResource } from '../../contracts/resources/operation-resource.ts';
import { recordAccess, type RecordAccess } from '../authorization/record-access.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { toOperationObject } from './operation-object.ts';
import type { OperationQuery } from './operation-query.ts';
import { recordOf, visibleOf } from './viewer.ts';

type Deps = Pick<Gateway, 'operations' | 'review' | 'managementJson'>;

/** Read from the database at once. */
const batch = 200;

export interface OperationPage {
  readonly items: readonly OperationResource[];
  /** Id to go on behind; undefined: that was all. */
  readonly next: string | undefined;
}

/**
 * The operations that `query` asks for and `caller` may see, newest first.
 * @throws PlatformError `database_unavailable`, `management_unavailable`, `operation_not_found` for an unknown `continue`
 */
export async function operationPage(
  deps: Deps,
  caller: Caller,
  query: OperationQuery,
): Promise<OperationPage> {
  const { namespace, name, limit } = query;
  if (name !== undefined) return { items: await onlyOne(deps, caller, query, name), next: undefined };
  const project = namespace === undefined ? undefined : projectOfNamespace(namespace);
  if (namespace !== undefined && project === undefined) return { items: [], next: undefined };
  const mayGet = operationFilter(deps, caller);
  const items: OperationResource[] = [];
  let { before } = query;
  for (;;) {
    const rows = await deps.operations.list({
      kinds: managedKinds, // the others are in no namespace
      limit: batch,
      ...(project === undefined ? {} : { project }),
      ...(before === undefined ? {} : { after: before }),
    });
    for (const operation of rows) {
      if (!(await mayGet(operation))) continue;
      if (items.length === limit) return { items, next: items.at(-1)?.metadata.name };
      items.push(toOperationObject(operation));
    }
    before = rows.at(-1)?.id;
    if (rows.length < batch) return { items, next: undefined };
  }
}

/**
 * The operation of that name if it is there, in the namespace that is asked for, and `caller` may see it.
 * @param read how it is read; default: as it is now, for this caller alone
 */
export async function onlyOne(
  deps: Deps,
  caller: Caller,
  { namespace }: Pick<OperationQuery, 'namespace'>,
  name: string,
  read: (id: string) => Promise<Operation> = deps.operations.get,
): Promise<OperationResource[]> {
  try {
    const operation = await visibleOf(deps, caller, await read(name));
    if (operation.project === undefined) return [];
    const object = toOperationObject(operation);
    return namespace === undefined || object.metadata.namespace === namespace ? [object] : [];
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'operation_not_found') return [];
    throw error;
  }
}

/** Decides for one request which operations `caller` may see: each project and instance is looked up once. */
export function operationFilter(
  deps: Pick<Gateway, 'review' | 'managementJson'>,
  caller: Caller,
): (operation: Operation) => Promise<boolean> {
  const accesses = new Map<string, RecordAccess>();
  return (operation) => {
    const { project } = targetOf(operation);
    const access = accesses.get(project) ?? recordAccess(deps, caller.identity, project);
    accesses.set(project, access);
    return access.allows('get', recordOf(operation));
  };
}
