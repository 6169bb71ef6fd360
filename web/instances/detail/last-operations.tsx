import { Anchor, Divider, Group, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { filtersOf, operationsQuery } from '../../server/operations.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { instanceText as text } from '../../text/instance.ts';
import { Age } from '../../components/age.tsx';
import { OperationLine } from '../../components/operation-line.tsx';
import { Empty, Failure, LoadingRows } from '../../components/page-states.tsx';
import type { InstanceView } from './instance-view.ts';

const shownOperations = 3;

/** The newest operations of an instance, live. */
export function LastOperations({ target: { kind, project, name } }: InstanceView) {
  const query = useInfiniteQuery(operationsQuery(filtersOf(kind, project, name)));
  const [, change] = usePageSearch();
  const operations = query.data?.pages.flatMap(({ items }) => items).slice(0, shownOperations);
  return (
    <section>
      <Group justify="space-between" mb="sm" align="baseline">
        <Title order={2}>{text.lastOperations}</Title>
        <Anchor component="button" size="sm" onClick={() => change({ tab: 'operations' })}>
          {text.allOperations}
        </Anchor>
      </Group>
      {operations === undefined && query.error !== null && (
        <Failure error={query.error} retry={() => void query.refetch()} />
      )}
      {operations === undefined && query.error === null && <LoadingRows rows={3} />}
      {operations?.length === 0 && <Empty title={text.noOperations}>{text.noOperationsWhy}</Empty>}
      <Stack gap="sm">
        {operations?.map((operation, index) => (
          <div key={operation.id}>
            {index > 0 && <Divider mb="sm" />}
            <OperationLine operation={operation} />
            <Text size="sm" c="dimmed">
              <Age at={operation.createdAt} />
            </Text>
          </div>
        ))}
      </Stack>
    </section>
  );
}
