import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { type InstanceFilters, type Row, rowsQuery } from '../../server/instances.ts';
import { useBusyRows } from '../actions/open-operation.ts';
import type { ColumnKey } from './instance-columns.tsx';
import { InstanceTable } from './instance-table.tsx';
import { Failure, LoadingRows } from '../../components/page-states.tsx';

/** The tenant clusters or spaces that `filters` let through: for a part of another page. */
export function InstanceRows({
  kind,
  filters,
  shown,
  empty,
}: {
  kind: ManagedKind;
  filters: InstanceFilters;
  /** Columns besides the name and the project. */
  shown: readonly ColumnKey[];
  empty: ReactNode;
}) {
  const query = useInfiniteQuery(rowsQuery(kind, filters));
  const read = useMemo(() => query.data?.pages.flatMap(({ items }): Row[] => items) ?? [], [query.data]);
  const rows = useBusyRows(kind, read);
  if (query.data === undefined) {
    if (query.error === null) return <LoadingRows rows={3} />;
    return <Failure error={query.error} retry={() => void query.refetch()} />;
  }
  if (rows.length === 0) return empty;
  return (
    <InstanceTable
      kind={kind}
      rows={rows}
      shown={shown}
      hasMore={query.hasNextPage}
      hasFailed={query.isError}
      onMore={() => void query.fetchNextPage({ cancelRefetch: false })}
      height="480px"
    />
  );
}
