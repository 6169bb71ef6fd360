import { ActionIcon, Alert, Button, Group, Stack, Text, Title, Tooltip } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { usePageSearch } from '../../components/page-search.ts';
import { DataTable } from '../../components/data-table.tsx';
import { Empty, Failure, LoadingRows } from '../../components/page-states.tsx';
import type { ObjectType } from '../../server/kubernetes-objects.ts';
import { type TenantApi, tableQuery } from '../../server/tenant-api.ts';
import { SearchInput } from '../../components/search-input.tsx';
import { discoveryQuery } from '../../server/tenant-discovery.ts';
import { commonText } from '../../text/common.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { ApplyDialog } from './apply-dialog.tsx';
import { typeTitle } from './kinds.ts';
import { NamespacePicker } from './namespace-picker.tsx';
import { columnsOf } from './table-columns.tsx';
import { matching, rowKey, sortedRows, type TableOf } from './table-rows.ts';

/** The objects of a kind, as the API server's own table. */
export function ResourceList({ api, type }: { api: TenantApi; type: ObjectType }) {
  const [search, change] = usePageSearch();
  const [isApplying, setApplying] = useState(false);
  const namespace = api.onlyNamespace ?? search.namespace;
  const query = useInfiniteQuery(tableQuery(api, type, type.isNamespaced ? namespace : undefined));
  const title = typeTitle(type);
  const { data, error, hasNextPage, refetch } = query;
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Title order={2} size="h3" mr="auto">
          {title}
        </Title>
        {type.isNamespaced && <NamespacePicker api={api} />}
        <SearchInput
          label={text.searchIn(title)}
          value={search.search}
          onSearch={(sought) => change({ search: sought })}
        />
        <Tooltip label={`${text.refresh}. ${text.updatedEvery}`} multiline maw={260}>
          <ActionIcon variant="default" size={30} aria-label={text.refresh} onClick={() => void refetch()}>
            <IconRefresh size={16} />
          </ActionIcon>
        </Tooltip>
        <Button variant="default" size="xs" onClick={() => setApplying(true)}>
          {text.apply}
        </Button>
      </Group>
      {data !== undefined && error !== null && (
        <Alert color="yellow" role="status" py="xs">
          {text.stale(error.message)}
        </Alert>
      )}
      {data !== undefined ? (
        <Rows
          api={api}
          type={type}
          pages={data.pages}
          namespace={type.isNamespaced ? namespace : undefined}
          hasMore={hasNextPage}
          hasFailed={error !== null}
          onMore={() => !query.isFetching && void query.fetchNextPage()}
        />
      ) : error !== null ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <LoadingRows />
      )}
      {isApplying && <ApplyDialog api={api} onClose={() => setApplying(false)} />}
    </Stack>
  );
}

const none: readonly ObjectType[] = [];

function Rows({
  api,
  type,
  pages,
  namespace,
  hasMore,
  hasFailed,
  onMore,
}: {
  api: TenantApi;
  type: ObjectType;
  pages: TableOf['pages'];
  /** Undefined: of all. */
  namespace: string | undefined;
  hasMore: boolean;
  hasFailed: boolean;
  onMore: () => void;
}) {
  const [{ search = '', sort }, change] = usePageSearch();
  const showsNamespace = type.isNamespaced && namespace === undefined;
  const { data: types = none } = useQuery(discoveryQuery(api));
  const columns = useMemo(
    () => columnsOf({ pages, type, types, showsNamespace }),
    [pages, type, types, showsNamespace],
  );
  const all = useMemo(() => pages.flatMap(({ rows }) => rows), [pages]);
  const rows = useMemo(
    () =>
      sortedRows(
        all.filter((row) => matching(row, search)),
        { pages, type, sort },
      ),
    [all, pages, type, search, sort],
  );
  const title = typeTitle(type);
  if (all.length === 0)
    return <Empty title={text.none(title, api.onlyNamespace ?? namespace)}>{text.noneWhy}</Empty>;
  if (rows.length === 0)
    return (
      <Empty
        title={text.noneFound(search)}
        action={
          <Button variant="default" onClick={() => change({ search: undefined })}>
            {commonText.clearFilters}
          </Button>
        }
      >
        {hasMore ? text.noneFoundMore : undefined}
      </Empty>
    );
  return (
    <>
      <DataTable
        label={title}
        columns={columns}
        rows={rows}
        rowKey={rowKey}
        sort={sort}
        onSort={(by) => change({ sort: by })}
        hasMore={hasMore}
        hasFailed={hasFailed}
        onMore={onMore}
        height="max(320px, calc(100dvh - 400px))"
      />
      <Text size="xs" c="dimmed" role="status">
        {text.count(title, { shown: rows.length, all: all.length, hasMore })}
      </Text>
    </>
  );
}
