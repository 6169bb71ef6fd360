import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { isFinal, type Operation } from '../../contracts/operations.ts';
import { givenFilters } from './given-filters.ts';
import { isRefusal } from './problem.ts';
import { rest } from './rest.ts';

/** What a list of operations is asked for: the filters of `/api/v1/operations`, all of them in the page's URL. */
export interface OperationFilters {
  readonly project?: string | undefined;
  readonly kind?: string | undefined;
  readonly tenantCluster?: string | undefined;
  readonly space?: string | undefined;
  readonly cluster?: string | undefined;
  readonly type?: string | undefined;
  readonly state?: string | undefined;
  readonly actor?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const operationsInPage = 50;

/** Operations that the caller may see, newest first, page after page. */
export function operationsQuery(filters: OperationFilters) {
  return infiniteQueryOptions({
    queryKey: ['operations', filters] as const,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      rest.listOperations({
        query: {
          ...givenFilters({ ...filters }),
          limit: String(operationsInPage),
          ...(pageParam === undefined ? {} : { cursor: pageParam }),
        },
      }),
    getNextPageParam: ({ next }) => next,
  });
}

/** Operations that have not ended: for the top bar, the drawer and the home page. */
export const openOperationsQuery = queryOptions({
  queryKey: ['open-operations'] as const,
  queryFn: async () =>
    (await rest.listOperations({ query: { state: 'queued,running', limit: '200' } })).items,
});

/** One operation with its steps; kept up to date by the event stream. */
export function operationQuery(id: string) {
  return queryOptions({
    queryKey: ['operation', id] as const,
    queryFn: () => rest.getOperation({ params: { id } }),
    // Attempts of a running step are read from Temporal; no event tells them.
    refetchInterval: ({ state: { data, error } }) =>
      (data !== undefined && isFinal(data.state)) || isRefusal(error) ? false : 2_000,
  });
}

export function cancelOperation(id: string): Promise<Operation> {
  return rest.cancelOperation({ params: { id } });
}

/** The filters that show the operations of one instance. */
export function filtersOf(kind: ManagedKind, project: string, name: string): OperationFilters {
  return { project, kind, [kindNames[kind].field]: name };
}
