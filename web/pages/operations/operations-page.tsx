import { Stack } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { type PageSearch, usePageSearch } from '../../components/page-search.ts';
import { DataTable } from '../../components/data-table.tsx';
import { ButtonLink } from '../../components/links.tsx';
import { Empty, Failure, LoadingRows, PageHead } from '../../components/page-states.tsx';
import { TableWidth, useIsNarrow } from '../../components/table-width.tsx';
import { timestampOf } from '../../components/time-range.ts';
import { type OperationFilters, operationsQuery } from '../../server/operations.ts';
import { operationsText as text, operationText } from '../../text/operations.ts';
import { cardColumns, cardHeight } from './operation-card.tsx';
import { operationColumns } from './operation-columns.tsx';
import { OperationFilterBar } from './operation-filter-bar.tsx';

/** Operations of everything that the reader may see. */
export default function Page() {
  const [search] = usePageSearch();
  const filters = useFilters(search);
  return (
    <>
      <PageHead title={operationText.title} />
      <Stack gap="sm">
        <OperationFilterBar />
        <Operations filters={filters} />
      </Stack>
    </>
  );
}

/** What the address asks for. Times count from when it was asked for, so that the list stays the same one. */
function useFilters(search: PageSearch): OperationFilters {
  const { project, kind, tenantCluster, space, cluster, type, state, actor, from, to } = search;
  return useMemo(() => {
    const now = thisMinute();
    const times = { from: timestampOf(from, now), to: timestampOf(to, now) };
    return { project, kind, tenantCluster, space, cluster, type, state, actor, ...times };
  }, [project, kind, tenantCluster, space, cluster, type, state, actor, from, to]);
}

function thisMinute(): number {
  return Math.floor(Date.now() / 60_000) * 60_000;
}

function Operations({ filters }: { filters: OperationFilters }) {
  const query = useInfiniteQuery(operationsQuery(filters));
  const isNarrow = useIsNarrow();
  const rows = useMemo(() => query.data?.pages.flatMap(({ items }) => items), [query.data]);
  if (rows === undefined)
    return query.error === null ? (
      <LoadingRows rows={10} />
    ) : (
      <Failure error={query.error} retry={() => void query.refetch()} />
    );
  if (rows.length === 0) return <NoOperations filters={filters} />;
  return (
    <TableWidth isNarrow={isNarrow}>
      <DataTable
        label={operationText.title}
        columns={isNarrow ? cardColumns : operationColumns}
        rows={rows}
        rowKey={({ id }) => id}
        hasMore={query.hasNextPage}
        hasFailed={query.isError}
        onMore={() => {
          if (!query.isFetchingNextPage) void query.fetchNextPage();
        }}
        height={isNarrow ? 'calc(100dvh - 270px)' : 'calc(100dvh - 220px)'}
        {...(isNarrow ? { rowHeight: cardHeight } : {})}
      />
    </TableWidth>
  );
}

function NoOperations({ filters }: { filters: OperationFilters }) {
  if (Object.entries(filters).some(([name, value]) => name !== 'project' && value !== undefined))
    return <Empty title={text.noMatch}>{text.noMatchWhy}</Empty>;
  return (
    <Empty
      title={text.emptyTitle}
      action={<ButtonLink to="/tenant-clusters/new">{text.emptyAction}</ButtonLink>}
    >
      {text.emptyWhy}
    </Empty>
  );
}
