import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, managedKinds, type OperationKind } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { Operation, OperationState } from '../../contracts/operations.ts';
import { defaultOperations, type OperationsQuery } from '../../contracts/rest/operation-lists.ts';
import type { Page } from '../../contracts/rest/pages.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import type { OperationFilter } from '../../db/queries/operations.ts';
import type { Gateway } from '../gateway.ts';
import { cursorOf, foreignCursor, placeOf, timeOf, valuesOf } from '../http/pages.ts';
import type { Caller } from '../identity/caller.ts';
import { operationFilter } from './operation-list.ts';
import { forViewer } from './viewer.ts';

type Deps = Pick<Gateway, 'operations' | 'review' | 'managementJson'>;

/** Read from the database at once. */
const batch = 200;
/** Rows that a request looks at: with what it found by then it answers, and the next page goes on. */
const mostRead = 2_000;

/** What a list is asked for, and how far it may be decided beforehand. */
export interface OperationsAsked {
  readonly query: OperationsQuery;
  readonly filter?: Pick<OperationFilter, 'project' | 'projects' | 'kinds' | 'name' | 'of'>;
  /** All that `filter` leaves is the caller's to see. */
  readonly isDecided?: boolean;
}

/**
 * A page of the operations that `caller` may see.
 * @throws PlatformError `invalid_request`, `database_unavailable`, `management_unavailable`
 */
export async function visibleOperations(
  deps: Deps,
  caller: Caller,
  asked: OperationsAsked,
): Promise<Page<Operation>> {
  const { query } = asked;
  const sort = query.sort ?? '-createdAt';
  const limit = Number(query.limit ?? defaultOperations);
  const { found, position } = await lookFor(deps, caller, asked, { sort, atLeast: limit + 1 });
  const items = await Promise.all(
    found.slice(0, limit).map((operation) => forViewer(deps, caller, operation)),
  );
  // A page that is not full ends where it stopped to look, at what may be hidden: the place says nothing of it.
  const last = items.length === limit && found.length >= limit ? items.at(-1)?.id : position;
  const isEnd = position === undefined && found.length <= limit;
  return { items, ...(isEnd || last === undefined ? {} : { next: cursorOf(sort, last) }) };
}

/** Looks for so many that may be seen, as far as one request looks. `position`: where that ended; undefined: there are no more. */
async function lookFor(
  deps: Deps,
  caller: Caller,
  { query, filter = {}, isDecided = false }: OperationsAsked,
  { sort, atLeast }: { sort: string; atLeast: number },
): Promise<{ found: Operation[]; position: string | undefined }> {
  const mayGet = isDecided ? async () => true : operationFilter(deps, caller);
  const wanted = { ...filtersOf(query), ...filter, isOldestFirst: sort === 'createdAt' };
  let position = query.cursor === undefined ? query.before : placeOf(query.cursor, sort, 'id')[0];
  const found: Operation[] = [];
  for (let read = 0; found.length < atLeast && read < mostRead; ) {
    const size = read === 0 ? Math.min(batch, atLeast) : batch;
    const rows = await deps.operations
      .list({ ...wanted, limit: size, after: position })
      .catch((error: unknown) => throwUnknown(error, query));
    const allowed = await Promise.all(rows.map(mayGet));
    found.push(...rows.filter((_operation, index) => allowed[index]));
    read += rows.length;
    position = rows.at(-1)?.id;
    if (rows.length < size) return { found, position: undefined };
  }
  return { found, position };
}

/** The operation that a page begins behind is not there. */
function throwUnknown(error: unknown, { cursor }: OperationsQuery): never {
  const isUnknown = error instanceof PlatformError && error.code === 'operation_not_found';
  throw isUnknown && cursor !== undefined ? foreignCursor() : error;
}

function filtersOf(query: OperationsQuery) {
  const { tenantCluster, space, kind, actor, cluster, from, to } = query;
  if (tenantCluster !== undefined && space !== undefined)
    throw new PlatformError('invalid_request', 'querystring/space: give tenantCluster or space, not both');
  const name = tenantCluster ?? space;
  const named: OperationKind | undefined =
    name === undefined ? undefined : space === undefined ? 'tenant' : 'space';
  return {
    kinds: (named === undefined ? valuesOf(kind) : [named]) as readonly OperationKind[] | undefined,
    name,
    types: valuesOf(query.type) as readonly OperationType[] | undefined,
    states: valuesOf(query.state) as readonly OperationState[] | undefined,
    actor,
    cluster,
    from: timeOf('from', from),
    to: timeOf('to', to),
  };
}

/**
 * Where operations that `caller` may see can be: in all projects (undefined), or in these.
 * @throws PlatformError `management_unavailable`
 */
export async function projectsOfOperations(
  { review }: Pick<Gateway, 'review'>,
  { identity }: Caller,
): Promise<string[] | undefined> {
  const projects = new Set(['']); // connected clusters: each is asked about
  for (const kind of managedKinds) {
    const namespaces = await review.namespacesOf(identity, kindNames[kind].plural);
    if (namespaces === undefined) return undefined;
    for (const namespace of namespaces) {
      const project = projectOfNamespace(namespace);
      if (project !== undefined) projects.add(project);
    }
  }
  return [...projects];
}
