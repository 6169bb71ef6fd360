import { Button, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo, useState } from 'react';
import { usePageSearch } from '../../components/page-search.ts';
import { DataTable } from '../../components/data-table.tsx';
import { Empty, Failure, LoadingRows, PageHead } from '../../components/page-states.tsx';
import { timestampOf } from '../../components/time-range.ts';
import { type AuditEvent, auditFilterNames, auditQuery } from '../../server/audit.ts';
import { administratorQuery } from '../../server/permissions.ts';
import { auditText as text } from '../../text/audit.ts';
import { columnsOf } from './audit-columns.tsx';
import { AuditFilterBar } from './audit-filter-bar.tsx';
import { EventDrawer } from './event-drawer.tsx';

/** Who did what: the audit log, as far as the caller may see it. */
export default function AuditPage() {
  const [search] = usePageSearch();
  const isAdministrator = useQuery(administratorQuery).data;
  const { project, from, to } = search;
  const [openedAt] = useState(() => Date.now());
  const times = { from: timestampOf(from, openedAt), to: timestampOf(to, openedAt) };
  const filters = Object.fromEntries(auditFilterNames.map((name) => [name, search[name]]));
  const query = useInfiniteQuery(auditQuery({ ...filters, project, ...times }));
  const [open, setOpen] = useState<AuditEvent>();
  const columns = useMemo(() => columnsOf(setOpen), []);
  return (
    <>
      <PageHead title={text.title}>
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} />}
          loading={query.isRefetching}
          onClick={() => void query.refetch()}
        >
          {text.readAgain}
        </Button>
      </PageHead>
      <Text c="dimmed" mb="md">
        {isAdministrator === false ? text.forOthers : text.forAll}
      </Text>
      <AuditFilterBar />
      <Events
        query={query}
        table={(rows) => (
          <DataTable
            label={text.title}
            columns={columns}
            rows={rows}
            rowKey={({ id, stage }) => `${id} ${stage}`}
            hasMore={query.hasNextPage}
            hasFailed={query.isError}
            onMore={() => void query.fetchNextPage({ cancelRefetch: false })}
            height="calc(100dvh - 320px)"
          />
        )}
      />
      {open !== undefined && <EventDrawer event={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function Events({
  query: { data, error, refetch },
  table,
}: {
  query: ReturnType<typeof useInfiniteQuery<{ readonly items: AuditEvent[] }>>;
  table: (rows: readonly AuditEvent[]) => ReactNode;
}) {
  if (data === undefined)
    return error === null ? <LoadingRows /> : <Failure error={error} retry={() => void refetch()} />;
  const rows = data.pages.flatMap(({ items }) => items);
  return rows.length === 0 ? <Empty title={text.emptyTitle}>{text.emptyWhy}</Empty> : table(rows);
}
