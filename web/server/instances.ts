import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { InstanceSummary } from '../../contracts/instance-summaries.ts';
import { kindNames, type ManagedKind, type PluralOf } from '../../contracts/kinds.ts';
import type { Operation, OperationRequest } from '../../contracts/operations.ts';
import type { OperationPreview } from '../../contracts/operation-preview.ts';
import { givenFilters } from './given-filters.ts';
import { objectQuery } from './objects.ts';
import { rest } from './rest.ts';

/** A tenant cluster or space by its name. */
export interface InstanceName<K extends ManagedKind = ManagedKind> {
  readonly kind: K;
  readonly project: string;
  readonly name: string;
}

/** What a list of instances is asked for: the filters of `/api/v1/virtualclusters`, all of them in the page's URL. */
export interface InstanceFilters {
  readonly project?: string | undefined;
  readonly search?: string | undefined;
  /** Several separated by commas. */
  readonly phase?: string | undefined;
  readonly cluster?: string | undefined;
  readonly template?: string | undefined;
  readonly sort?: string | undefined;
}

export type Row = InstanceSummary<ManagedKind>;

const rowsInPage = 100;

/** Rows of a list of instances, page after page. */
export function rowsQuery(kind: ManagedKind, filters: InstanceFilters) {
  return infiniteQueryOptions({
    queryKey: ['rows', kind, filters] as const,
    // The event stream changes its rows in place; to read many pages again is dear.
    staleTime: 300_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      rest.of(kind).list({
        query: {
          ...givenFilters({ ...filters }),
          limit: String(rowsInPage),
          ...(pageParam === undefined ? {} : { cursor: pageParam }),
        },
      }),
    getNextPageParam: ({ next }) => next,
  });
}

/** Where it is kept that a list has changed otherwise than in its rows (server/row-events.ts). */
export function rowsChangedKey(kind: ManagedKind, filters: InstanceFilters) {
  return ['rows-changed', kind, filters] as const;
}

/** The resource of an instance, with what the gateway computes for its reader. */
export function instanceQuery<K extends ManagedKind>({ kind, project, name }: InstanceName<K>) {
  const plural: PluralOf<K> = kindNames[kind].plural;
  return objectQuery(plural, { project, name });
}

/** Submits an operation; the answer is the operation that was queued or joined. */
export function submitOperation(
  { kind, project, name }: InstanceName,
  body: OperationRequest,
): Promise<Operation> {
  return rest.of(kind).createOperation({
    params: { project, name },
    body: { ...body, dryRun: false },
  });
}

/** What an operation would do; nothing is changed. */
export function previewQuery({ kind, project, name }: InstanceName, body: OperationRequest) {
  return queryOptions<OperationPreview>({
    queryKey: ['preview', kind, project, name, body] as const,
    staleTime: 0,
    gcTime: 0,
    queryFn: () =>
      rest.of(kind).previewOperation({ params: { project, name }, body: { ...body, dryRun: true } }),
  });
}
