import { Group, Progress, Stack, Text } from '@mantine/core';
import { isFinal, type Operation, targetOf } from '../../contracts/operations.ts';
import { operationText as text } from '../text/operations.ts';
import { verbText } from '../text/states.ts';
import { useNow } from './age.tsx';
import { PageLink } from './links.tsx';
import { OperationStateBadge } from './state-badge.tsx';
import { durationText } from './time.ts';

/** An operation in short: what, by whom, how far against what is usual. */
export function OperationLine({ operation, onOpen }: { operation: Operation; onOpen?: () => void }) {
  const { id, type, actor, state, steps, currentStep, blockedBy } = operation;
  const { project, name } = targetOf(operation);
  const step = steps.find(({ key }) => key === currentStep);
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <PageLink
          to="/operations/$id"
          params={{ id }}
          {...(onOpen === undefined ? {} : { onClick: onOpen })}
          fw={500}
          style={{ overflowWrap: 'anywhere' }}
        >
          {verbText[type]} {name}
        </PageLink>
        <OperationStateBadge state={state} />
      </Group>
      <Text size="sm" c="dimmed">
        {project === '' ? '' : `${project} · `}
        {text.by(actor)}
      </Text>
      {blockedBy !== undefined && (
        <Text size="sm">{text.waitingBehind(blockedBy.type, blockedBy.actor)}</Text>
      )}
      {step !== undefined && !isFinal(state) && <Text size="sm">{text.step(step.title)}</Text>}
      {state === 'running' && <OperationProgress operation={operation} />}
    </Stack>
  );
}

/** Time that passed against the time that is usual. */
export function OperationProgress({ operation: { startedAt, expectedMs, type } }: { operation: Operation }) {
  const now = useNow();
  const elapsed = startedAt === undefined ? 0 : Math.max(0, now - Date.parse(startedAt));
  const percent = expectedMs > 0 ? Math.min(100, (elapsed / expectedMs) * 100) : 0;
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress value={percent} style={{ flex: 1 }} aria-label={verbText[type] ?? type} size="sm" />
      <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
        {durationText(elapsed)} · {text.usually(durationText(expectedMs))}
      </Text>
    </Group>
  );
}
