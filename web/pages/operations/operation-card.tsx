import { Group, Stack, Text } from '@mantine/core';
import { type Operation, targetOf } from '../../../contracts/operations.ts';
import { Age } from '../../components/age.tsx';
import type { Column } from '../../components/data-table.tsx';
import { PageLink } from '../../components/links.tsx';
import { OperationStateBadge } from '../../components/state-badge.tsx';
import { durationText } from '../../components/time.ts';
import { operationsText as text } from '../../text/operations.ts';
import { verbText } from '../../text/states.ts';

export const cardHeight = 64;

/** The list of operations where there is room for one column: phones. */
export const cardColumns: readonly Column<Operation>[] = [
  { key: 'operation', title: text.columns.operation, cell: (operation) => <Card operation={operation} /> },
];

function Card({ operation }: { operation: Operation }) {
  const { id, type, state, project, actor, createdAt, startedAt, finishedAt } = operation;
  const took =
    startedAt === undefined || finishedAt === undefined
      ? undefined
      : durationText(Date.parse(finishedAt) - Date.parse(startedAt));
  return (
    <Stack gap={2}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <PageLink to="/operations/$id" params={{ id }} fw={500} truncate miw={0}>
          {verbText[type]} {targetOf(operation).name}
        </PageLink>
        <div style={{ flex: 'none' }}>
          <OperationStateBadge state={state} />
        </div>
      </Group>
      <Text size="xs" c="dimmed" truncate>
        {[project, actor, took].filter((part) => part !== undefined).join(' · ')} · <Age at={createdAt} />
      </Text>
    </Stack>
  );
}
