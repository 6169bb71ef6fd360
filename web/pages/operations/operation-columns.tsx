import { Group, Progress, Stack, Text } from '@mantine/core';
import { isFinal, type Operation, targetOf } from '../../../contracts/operations.ts';
import { Age, useNow } from '../../components/age.tsx';
import type { Column } from '../../components/data-table.tsx';
import { PageLink } from '../../components/links.tsx';
import { OperationStateBadge } from '../../components/state-badge.tsx';
import { TargetLink } from '../../components/target-link.tsx';
import { durationText } from '../../components/time.ts';
import { operationsText as text, operationText } from '../../text/operations.ts';
import { verbText } from '../../text/states.ts';

/** Columns of the list of operations. */
export const operationColumns: readonly Column<Operation>[] = [
  {
    key: 'operation',
    title: text.columns.operation,
    width: 120,
    cell: ({ id, type }) => (
      <PageLink to="/operations/$id" params={{ id }} fw={500}>
        {verbText[type]}
      </PageLink>
    ),
  },
  {
    key: 'target',
    title: text.columns.target,
    width: '20%',
    cell: (operation) => (
      <Text inherit truncate component="div" title={targetOf(operation).name}>
        <TargetLink target={targetOf(operation)} />
      </Text>
    ),
  },
  {
    key: 'project',
    title: text.columns.project,
    width: 120,
    cell: ({ project }) =>
      project === undefined ? (
        '–'
      ) : (
        <PageLink to="/projects/$project" params={{ project }}>
          {project}
        </PageLink>
      ),
  },
  {
    key: 'state',
    title: text.columns.state,
    cell: (operation) => <State operation={operation} />,
  },
  {
    key: 'requested',
    title: text.columns.requested,
    width: 120,
    cell: ({ createdAt }) => <Age at={createdAt} />,
  },
  {
    key: 'duration',
    title: text.columns.duration,
    width: 190,
    cell: (operation) => <Duration operation={operation} />,
  },
  { key: 'actor', title: text.columns.actor, width: 130, cell: ({ actor }) => <Actor actor={actor} /> },
];

/** Its state, and what is done, what it waits for, or why it did not go as it should: on one line, the rest when pointed at. */
function State({ operation }: { operation: Operation }) {
  const why = whyOf(operation);
  return (
    <Group gap={8} wrap="nowrap" title={why}>
      <div style={{ flex: 'none' }}>
        <OperationStateBadge state={operation.state} />
      </div>
      {why !== undefined && (
        <Text size="xs" c="dimmed" truncate miw={0}>
          {why}
        </Text>
      )}
    </Group>
  );
}

function whyOf({ state, message, blockedBy, steps, currentStep }: Operation): string | undefined {
  if (blockedBy !== undefined)
    return text.behind((verbText[blockedBy.type] ?? blockedBy.type).toLowerCase(), blockedBy.actor);
  if (state === 'succeeded') return undefined;
  return isFinal(state) ? message : steps.find(({ key }) => key === currentStep)?.title;
}

function Duration({ operation }: { operation: Operation }) {
  const { startedAt, finishedAt, expectedMs, state } = operation;
  if (startedAt === undefined)
    return (
      <Text span inherit>
        –
      </Text>
    );
  if (state === 'running') return <Running operation={operation} />;
  if (finishedAt === undefined)
    return (
      <Text span inherit>
        –
      </Text>
    );
  return (
    <Text span inherit style={{ whiteSpace: 'nowrap' }}>
      {durationText(Date.parse(finishedAt) - Date.parse(startedAt))}{' '}
      <Text span size="xs" c="dimmed">
        {operationText.usually(durationText(expectedMs))}
      </Text>
    </Text>
  );
}

function Running({ operation: { startedAt = '', expectedMs, type } }: { operation: Operation }) {
  const elapsed = Math.max(0, useNow() - Date.parse(startedAt));
  return (
    <Stack gap={2}>
      <Group gap={6} wrap="nowrap" align="baseline">
        <Text span inherit style={{ whiteSpace: 'nowrap' }}>
          {durationText(elapsed)}
        </Text>
        <Text span size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
          {operationText.usually(durationText(expectedMs))}
        </Text>
      </Group>
      <Progress
        size="xs"
        value={expectedMs > 0 ? Math.min(100, (elapsed / expectedMs) * 100) : 0}
        aria-label={verbText[type] ?? type}
      />
    </Stack>
  );
}

function Actor({ actor }: { actor: string }) {
  return (
    <PageLink
      to="/operations"
      search={({ project }) => ({ ...(project === undefined ? {} : { project }), actor })}
      style={{ overflowWrap: 'anywhere' }}
    >
      {actor}
    </PageLink>
  );
}
