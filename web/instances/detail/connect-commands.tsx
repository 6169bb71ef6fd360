import { Stack, Text } from '@mantine/core';
import { connectText as text } from '../../text/instance-connect.ts';
import { CommandBox } from '../../components/command-box.tsx';
import { vcpCommand } from './commands.ts';
import type { InstanceView } from './instance-view.ts';

const examples = { tenant: 'kubectl get namespaces', space: 'kubectl get pods' } as const;

/** The commands after which kubectl works. */
export function ConnectCommands({ target, instance }: InstanceView) {
  return (
    <Stack gap="sm">
      {instance.status?.phase === 'Sleeping' && <Text size="sm">{text.asleep}</Text>}
      <CommandBox title={text.login} command={`vcp login ${location.origin}`} />
      <CommandBox title={text.context} command={vcpCommand('connect', target)} />
      <CommandBox title={text.thenUse[target.kind]} command={examples[target.kind]} />
    </Stack>
  );
}
