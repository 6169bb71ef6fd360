import { Button, Group, Text } from '@mantine/core';
import { IconPlus, IconRefresh } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { consoleKinds } from '../../server/console-kinds.ts';
import { commonText } from '../../text/common.ts';
import { listText as text } from '../../text/instances.ts';
import { ButtonLink } from '../../components/links.tsx';
import { Empty, Failure, LoadingRows, PageHead } from '../../components/page-states.tsx';
import { type ColumnKey, columnsOf, usualColumns } from './instance-columns.tsx';
import { useIsNarrow } from '../../components/table-width.tsx';
import { InstanceTable, useRoom } from './instance-table.tsx';
import { ListToolbar } from './list-toolbar.tsx';
import { chosenRows, SelectionBar } from './selection-bar.tsx';
import { useMayCreate } from './use-may-create.ts';
import { useRows } from './use-rows.ts';

const none: ReadonlySet<string> = new Set();

/** The page of all tenant clusters, or of all spaces, that one may see; its filters are its address. */
export function InstanceListPage({ kind }: { kind: ManagedKind }) {
  const [{ project, search, phase, cluster, template, sort }] = usePageSearch();
  const list = useRows(kind, { project, search, phase, cluster, template, sort });
  const mayCreate = useMayCreate(kind, project);
  const shown = useShownColumns(kind);
  const isFiltered = Boolean(search || phase || cluster || template);
  const isEmpty = list.query.data !== undefined && list.rows.length === 0 && !list.hasMore;
  if (isEmpty && !isFiltered)
    return (
      <>
        <PageHead title={text.title(kind)} />
        <NoneYet kind={kind} mayCreate={mayCreate} project={project} />
      </>
    );
  return (
    <>
      <PageHead title={text.title(kind)}>
        {mayCreate === true && <CreateLink kind={kind} label={text.createShort} />}
      </PageHead>
      <ListToolbar kind={kind} shown={shown} />
      {isEmpty ? <NoMatch kind={kind} /> : <Rows kind={kind} list={list} shown={shown} />}
    </>
  );
}

/** Columns that the address names, or the usual ones. */
function useShownColumns(kind: ManagedKind): readonly ColumnKey[] {
  const [{ columns }] = usePageSearch();
  const room = useRoom();
  return useMemo(
    () =>
      columns === undefined
        ? usualColumns(kind, room)
        : columnsOf(kind).filter((key) => columns.split(',').includes(key)),
    [columns, kind, room],
  );
}

/** The rows with what one can do with several. */
function Rows({
  kind,
  list: { query, rows, hasMore, more, isChanged, refresh },
  shown,
}: {
  kind: ManagedKind;
  list: ReturnType<typeof useRows>;
  shown: readonly ColumnKey[];
}) {
  const [{ project, sort = 'project' }, change] = usePageSearch();
  const [selected, setSelected] = useState(none);
  const isNarrow = useIsNarrow();
  if (query.data === undefined)
    return query.error === null ? (
      <LoadingRows rows={10} />
    ) : (
      <Failure error={query.error} retry={() => void query.refetch()} />
    );
  const chosen = chosenRows(rows, selected);
  const besides = (isNarrow ? 300 : 236) + (chosen.length > 0 ? 64 : 0);
  return (
    <>
      <Group gap="xs" mb={6} mih={24}>
        <Text size="sm" c="dimmed" role="status">
          {text.count(kind, rows.length, hasMore ? '+' : '')}
        </Text>
        {isChanged && (
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<IconRefresh size={14} />}
            onClick={refresh}
          >
            {text.changed}: {text.refresh}
          </Button>
        )}
      </Group>
      <InstanceTable
        kind={kind}
        rows={rows}
        shown={shown}
        hasProject={project === undefined}
        sort={sort}
        onSort={(now) => change({ sort: now })}
        hasMore={hasMore}
        hasFailed={query.isError}
        onMore={more}
        selection={{ selected, onChange: setSelected }}
        height={`calc(100dvh - ${besides}px)`}
      />
      <SelectionBar kind={kind} rows={chosen} onSelect={setSelected} />
    </>
  );
}

function CreateLink({ kind, label }: { kind: ManagedKind; label: string }) {
  return (
    <ButtonLink to={consoleKinds[kind].pages.create} leftSection={<IconPlus size={16} aria-hidden />}>
      {label}
    </ButtonLink>
  );
}

function NoneYet({
  kind,
  mayCreate,
  project,
}: {
  kind: ManagedKind;
  mayCreate: boolean | undefined;
  project: string | undefined;
}) {
  return (
    <Empty
      title={text.emptyTitle(kind, project)}
      action={mayCreate === true ? <CreateLink kind={kind} label={text.create(kind)} /> : undefined}
    >
      {text.emptyWhy[kind]} {mayCreate === false && text.mayNotCreate}
    </Empty>
  );
}

function NoMatch({ kind }: { kind: ManagedKind }) {
  const [, change] = usePageSearch();
  const clear = () =>
    change({ search: undefined, phase: undefined, cluster: undefined, template: undefined });
  return (
    <Empty
      title={text.noMatch(kind)}
      action={
        <Button variant="default" onClick={clear}>
          {commonText.clearFilters}
        </Button>
      }
    >
      {text.noMatchWhy}
    </Empty>
  );
}
