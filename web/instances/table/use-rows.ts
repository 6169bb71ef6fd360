import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { useBusyRows } from '../actions/open-operation.ts';
import { type InstanceFilters, type Row, rowsChangedKey, rowsQuery } from '../../server/instances.ts';

/** Rows of a list as far as they were read, and how to read more. What is shown stays while other filters are asked for. */
export function useRows(kind: ManagedKind, filters: InstanceFilters) {
  const queryClient = useQueryClient();
  const options = rowsQuery(kind, filters);
  const query = useInfiniteQuery({ ...options, placeholderData: keepPreviousData });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const read = useMemo(() => data?.pages.flatMap(({ items }): Row[] => items) ?? [], [data]);
  const rows = useBusyRows(kind, read);
  const more = useCallback(() => {
    if (!isFetchingNextPage) fetchNextPage().catch(() => undefined);
  }, [isFetchingNextPage, fetchNextPage]);

  const changedKey = rowsChangedKey(kind, filters);
  const { data: isChanged } = useQuery({
    queryKey: changedKey,
    queryFn: () => false,
    enabled: false,
    initialData: false,
  });
  function refresh(): void {
    queryClient.setQueryData(changedKey, false);
    // From its beginning: many pages need not be read again at once.
    queryClient.setQueryData(options.queryKey, (all) =>
      all === undefined ? all : { pages: all.pages.slice(0, 1), pageParams: all.pageParams.slice(0, 1) },
    );
    queryClient.invalidateQueries({ queryKey: options.queryKey, exact: true }).catch(() => undefined);
  }
  return { query, rows, hasMore: hasNextPage, more, isChanged, refresh };
}
