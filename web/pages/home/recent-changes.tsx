import { Group, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type Operation, targetOf } from '../../../contracts/operations.ts';
import { Age } from '../../components/age.tsx';
import { PageLink } from '../../components/links.tsx';
import { Failure, LoadingRows } from '../../components/page-states.tsx';
import { OperationStateBadge } from '../../components/state-badge.tsx';
import { operationsQuery } from '../../server/operations.ts';
import { homeText as text } from '../../text/home.ts';
import { verbText } from '../../text/states.ts';

const shown = 7;

/** Who did what last. */
export function RecentChanges({ project }: { project: string | undefined }) {
  const query = useInfiniteQuery(operationsQuery({ project }));
  return (
    <Stack gap="xs" component="section">
      <Title order={2}>{text.recent}</Title>
      {query.data === undefined ? (
        query.error === null ? (
          <LoadingRows rows={4} />
        ) : (
          <Failure error={query.error} retry={() => void query.refetch()} />
        )
      ) : (
        <Changes operations={query.data.pages.flatMap(({ items }) => items).slice(0, shown)} />
      )}
    </Stack>
  );
}

function Changes({ operations }: { operations: readonly Operation[] }) {
  if (operations.length === 0) return <Text c="dimmed">{text.noChanges}</Text>;
  return (
    <>
      {operations.map((operation) => (
        <div key={operation.id}>
          <PageLink to="/operations/$id" params={{ id: operation.id }} style={{ overflowWrap: 'anywhere' }}>
            {verbText[operation.type]} {targetOf(operation).name}
          </PageLink>
          <Group gap={6} fz="sm" c="dimmed">
            <OperationStateBadge state={operation.state} />
            <span>·</span>
            <span style={{ overflowWrap: 'anywhere' }}>{operation.actor}</span>
            <span>·</span>
            <Age at={operation.createdAt} />
          </Group>
        </div>
      ))}
      <PageLink to="/operations" size="sm">
        {text.all}
      </PageLink>
    </>
  );
}
