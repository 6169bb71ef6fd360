import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconMoonFilled } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import { CommandBox } from '../../components/command-box.tsx';
import { beginAction, commandOf, factsOf, isOffered } from '../actions/instance-action.ts';
import { useOpenOperations } from '../actions/open-operation.ts';
import { StateBadge } from '../../components/state-badge.tsx';
import type { InstanceName } from '../../server/instances.ts';
import { resourcesText as text } from '../../text/resources.ts';

/** A tenant cluster that sleeps: why, and the two ways to its resources. */
export function AsleepState({
  target,
  instance,
  onUse,
}: {
  target: InstanceName;
  instance: ManagedInstance;
  onUse: () => void;
}) {
  const wake = useMutation({ mutationFn: () => beginAction('wake', target) });
  const { why } = instance.status ?? {};
  const isWaking = useOpenOperations(target).some(({ type }) => type === 'wake');
  return (
    <Stack align="center" py="xl" px="md" gap="sm">
      <IconMoonFilled size={32} color="var(--vcp-asleep)" aria-hidden />
      <Title order={2} size="h3" ta="center">
        {text.asleep}
      </Title>
      {why !== undefined && (
        <Text maw={560} ta="center">
          {why}
        </Text>
      )}
      <Text c="dimmed" maw={560} ta="center">
        {text.asleepLong}
      </Text>
      {isWaking ? (
        <StateBadge mark="busy">{text.waking}</StateBadge>
      ) : (
        <>
          <Group justify="center" gap="xs" mt="xs">
            {isOffered('wake', factsOf(instance)) && (
              <Button onClick={() => wake.mutate()} loading={wake.isPending}>
                {text.wake}
              </Button>
            )}
            <Button
              variant="default"
              onClick={onUse}
              title={text.useWhy}
              h="auto"
              mih={36}
              styles={{ label: { whiteSpace: 'normal', overflow: 'visible' } }}
            >
              {text.use}
            </Button>
          </Group>
          {wake.error !== null && (
            <Alert color="red" role="alert">
              {wake.error.message}
            </Alert>
          )}
          <CommandBox command={commandOf('wake', target)} />
        </>
      )}
    </Stack>
  );
}
