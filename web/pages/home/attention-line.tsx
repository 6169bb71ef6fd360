import { Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { type Mark, StateBadge } from '../../components/state-badge.tsx';

/** Something that needs attention: what, why, since when, and the next thing to do. */
export function AttentionLine({
  mark,
  what,
  why,
  when,
  action,
}: {
  mark: Mark;
  what: ReactNode;
  why?: ReactNode;
  when?: ReactNode;
  action: ReactNode;
}) {
  return (
    <Group justify="space-between" wrap="nowrap" align="flex-start" gap="md">
      <Stack gap={2} miw={0}>
        <Text component="div" fw={500}>
          <StateBadge mark={mark}>{what}</StateBadge>
        </Text>
        {(why !== undefined || Boolean(when)) && (
          <Text component="div" size="sm" c="dimmed" pl={20} style={{ overflowWrap: 'anywhere' }}>
            {why}
            {why !== undefined && Boolean(when) && ' · '}
            {when}
          </Text>
        )}
      </Stack>
      <div style={{ flex: 'none' }}>{action}</div>
    </Group>
  );
}
