import { Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { isFinal, type Operation } from '../../../contracts/operations.ts';
import { filtersOf, operationQuery, operationsQuery } from '../../server/operations.ts';
import { commonText } from '../../text/common.ts';
import { instanceText as text } from '../../text/instance.ts';
import { verbText } from '../../text/states.ts';
import { Age } from '../../components/age.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { PageLink } from '../../components/links.tsx';
import { OperationLine } from '../../components/operation-line.tsx';
import { OperationSteps } from '../../components/operation-steps.tsx';
import { Empty, Failure, LoadingRows } from '../../components/page-states.tsx';
import { OperationStateBadge } from '../../components/state-badge.tsx';
import { durationText } from '../../components/time.ts';
import { useOpenOperations } from '../actions/open-operation.ts';
import type { InstanceView } from './instance-view.ts';

/** What is being done to it, step by step, what waits, and all that was done. */
export function OperationsTab({ target }: InstanceView) {
  const { kind, project, name } = target;
  const query = useInfiniteQuery(operationsQuery(filtersOf(kind, project, name)));
  const open = useOpenOperations(target);
  if (query.data === undefined)
    return query.error === null ? (
      <LoadingRows />
    ) : (
      <Failure error={query.error} retry={() => void query.refetch()} />
    );
  const ended = query.data.pages.flatMap(({ items }) => items).filter(({ state }) => isFinal(state));
  if (open.length + ended.length === 0)
    return <Empty title={text.noOperations}>{text.noOperationsWhy}</Empty>;
  return (
    <Stack gap="xl">
      {open.length > 0 && <OpenOperations operations={open} />}
      <section>
        <Title order={2} mb="sm">
          {text.history}
        </Title>
        {ended.length === 0 ? (
          <Text c="dimmed">{text.noHistory}</Text>
        ) : (
          <DataTable
            label={text.history}
            columns={columns}
            rows={ended}
            rowKey={({ id }) => id}
            hasMore={query.hasNextPage}
            hasFailed={query.isError}
            onMore={() => {
              if (!query.isFetchingNextPage) void query.fetchNextPage();
            }}
          />
        )}
      </section>
    </Stack>
  );
}

function OpenOperations({ operations }: { operations: readonly Operation[] }) {
  return (
    <section>
      <Title order={2} mb="sm">
        {text.now}
      </Title>
      <Stack gap="md">
        {operations.map((operation) =>
          operation.state === 'running' ? (
            <RunningOperation key={operation.id} operation={operation} />
          ) : (
            <OperationLine key={operation.id} operation={operation} />
          ),
        )}
      </Stack>
    </section>
  );
}

function RunningOperation({ operation }: { operation: Operation }) {
  const { data = operation } = useQuery(operationQuery(operation.id));
  return (
    <Stack gap="sm">
      <OperationLine operation={data} />
      <OperationSteps operation={data} />
    </Stack>
  );
}

const columns: readonly Column<Operation>[] = [
  {
    key: 'operation',
    title: text.operation,
    width: 130,
    cell: ({ id, type }) => (
      <PageLink to="/operations/$id" params={{ id }}>
        {verbText[type] ?? type}
      </PageLink>
    ),
  },
  {
    key: 'state',
    title: commonText.state,
    width: 170,
    cell: ({ state }) => <OperationStateBadge state={state} />,
  },
  { key: 'by', title: text.byWhom, width: 150, cell: ({ actor }) => actor },
  { key: 'when', title: text.when, width: 120, cell: ({ createdAt }) => <Age at={createdAt} /> },
  { key: 'took', title: text.took, width: 90, cell: tookOf },
  {
    key: 'message',
    title: text.message,
    cell: ({ message }) => (
      <Text size="sm" lineClamp={1} title={message} style={{ overflowWrap: 'anywhere' }}>
        {message}
      </Text>
    ),
  },
];

function tookOf({ startedAt, finishedAt }: Operation): string {
  if (startedAt === undefined || finishedAt === undefined) return '';
  return durationText(Date.parse(finishedAt) - Date.parse(startedAt));
}
