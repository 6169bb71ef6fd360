import { Button, Divider, Group, Stack } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Fragment, type ReactNode } from 'react';
import { type OperationFilters, operationsQuery } from '../server/operations.ts';
import { commonText as text } from '../text/common.ts';
import { OperationLine } from './operation-line.tsx';
import { Failure, LoadingRows } from './page-states.tsx';

/** The operations that `filters` let through, the newest first: for a part of another page. */
export function OperationList({ filters, empty }: { filters: OperationFilters; empty: ReactNode }) {
  const query = useInfiniteQuery(operationsQuery(filters));
  if (query.data === undefined)
    return query.error === null ? (
      <LoadingRows rows={3} />
    ) : (
      <Failure error={query.error} retry={() => void query.refetch()} />
    );
  const operations = query.data.pages.flatMap(({ items }) => items);
  if (operations.length === 0) return empty;
  return (
    <Stack gap="sm">
      {operations.map((operation) => (
        <Fragment key={operation.id}>
          <OperationLine operation={operation} />
          <Divider />
        </Fragment>
      ))}
      {query.hasNextPage && (
        <Group>
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            {text.more}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
