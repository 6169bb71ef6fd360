import { Alert, Button, Code, Group, Modal, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { kindNames } from '../../../contracts/kinds.ts';
import { consoleKinds } from '../../server/console-kinds.ts';
import { objectPath } from '../../server/management.ts';
import { send } from '../../server/send.ts';
import { connectText as text } from '../../text/instance-connect.ts';
import { CommandBox, CopyIcon } from '../../components/command-box.tsx';
import { exactTime } from '../../components/time.ts';
import { ConnectCommands } from './connect-commands.tsx';
import { downloadText } from './download.ts';
import type { InstanceView } from './instance-view.ts';

type Lifetime = keyof typeof text.lifetimes;

/** How to use it with kubectl: two commands, or a kubeconfig with a key of its own. */
export function ConnectDialog({
  opened,
  onClose,
  target,
  instance,
}: InstanceView & { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={text.title(target.name)} size="lg">
      <Stack gap="lg">
        <ConnectCommands target={target} instance={instance} />
        {consoleKinds[target.kind].hasKeyedKubeconfig && <KeyedKubeconfig target={target} />}
      </Stack>
    </Modal>
  );
}

/** Makes a kubeconfig that holds a key. It is in this dialog and nowhere else, and gone when that closes. */
function KeyedKubeconfig({ target }: Pick<InstanceView, 'target'>) {
  const [lifetime, setLifetime] = useState<Lifetime>('28800');
  const path = `${objectPath(kindNames[target.kind].plural, target)}/kubeconfig`;
  const body = { spec: { certificateTTL: Number(lifetime) } };
  const made = useMutation({
    gcTime: 0,
    mutationFn: () => requestKubeconfig(path, body),
  });
  return (
    <Stack gap="sm">
      <Title order={3}>{text.keyTitle}</Title>
      <Text size="sm">{text.keyWhy}</Text>
      <Group align="flex-end" gap="sm">
        <div>
          <Text size="sm" fw={500} mb={4} id="key-lifetime">
            {text.lifetime}
          </Text>
          <SegmentedControl
            aria-labelledby="key-lifetime"
            value={lifetime}
            onChange={(value) => setLifetime(value as Lifetime)}
            data={Object.entries(text.lifetimes).map(([value, label]) => ({ value, label }))}
          />
        </div>
        <Button onClick={() => made.mutate()} loading={made.isPending}>
          {text.make}
        </Button>
      </Group>
      {made.error !== null && (
        <Alert color="red" role="alert">
          {made.error.message}
        </Alert>
      )}
      {made.data === undefined ? (
        <CommandBox
          command={`echo '${JSON.stringify(body)}' | kubectl create --raw ${path.replace('/kubernetes/management', '')} -f -`}
        />
      ) : (
        <Made {...made.data} name={target.name} />
      )}
    </Stack>
  );
}

async function requestKubeconfig(
  path: string,
  body: { spec: { certificateTTL: number } },
): Promise<{ kubeconfig: string; until: number }> {
  const { status } = await send<{ status: { kubeConfig: string } }>({ method: 'POST', path, body });
  return { kubeconfig: status.kubeConfig, until: Date.now() + body.spec.certificateTTL * 1000 };
}

function Made({ kubeconfig, until, name }: { kubeconfig: string; until: number; name: string }) {
  return (
    <Stack gap="xs">
      <Alert color="yellow" role="status">
        {text.madeUntil(exactTime(until))}
      </Alert>
      <Group gap="xs">
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          onClick={() => downloadText(`kubeconfig-${name}.yaml`, kubeconfig)}
        >
          {text.download}
        </Button>
        <CopyIcon value={kubeconfig} />
      </Group>
      <Code block mah={180} tabIndex={0} aria-label={text.kubeconfig} style={{ overflow: 'auto' }}>
        {kubeconfig}
      </Code>
    </Stack>
  );
}
