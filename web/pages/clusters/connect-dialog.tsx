import { Alert, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import { isOnline } from '../../components/cluster-state.tsx';
import { CommandBox } from '../../components/command-box.tsx';
import { ButtonLink } from '../../components/links.tsx';
import { type Mark, StateBadge } from '../../components/state-badge.tsx';
import { useReturnFocus } from '../../components/use-return-focus.ts';
import { objectsQuery } from '../../server/objects.ts';
import { clustersText } from '../../text/clusters.ts';

const text = clustersText.adding;
const isName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** The command that connects a cluster, and live what the platform sees of it. */
export function ConnectDialog({ onClose }: { onClose: () => void }) {
  useReturnFocus();
  const [name, setName] = useState('');
  const { data: clusters = [] } = useQuery(objectsQuery('clusters'));
  const [known] = useState(() => new Set(clusters.map(({ metadata }) => metadata.name)));
  const isValid = isName.test(name);
  return (
    <Modal opened onClose={onClose} title={text.title} size="lg">
      <Stack>
        <Text size="sm">{text.needs}</Text>
        <TextInput
          label={text.name}
          description={text.nameWhy}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
          error={name !== '' && !isValid && text.nameWrong}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        {known.has(name) && (
          <Alert color="blue" role="status">
            {text.exists}
          </Alert>
        )}
        <CommandBox title={text.login} command={`vcp login ${location.origin}`} />
        <CommandBox title={text.command} command={`vcp add cluster ${isValid ? name : 'NAME'}`} />
        {isValid && !known.has(name) && (
          <Progress name={name} cluster={clusters.find(({ metadata }) => metadata.name === name)} />
        )}
      </Stack>
    </Modal>
  );
}

/** What has happened of the three things that make a connected cluster. */
function Progress({ name, cluster }: { name: string; cluster: Cluster | undefined }) {
  const { reason, message = '', online, phase } = cluster?.status ?? {};
  const isAgentThere = online === true || reason === 'HealthCheckCluster';
  const isReady = cluster !== undefined && isOnline(cluster);
  const hasFailed = phase === 'Failed' && !['Offline', 'NoOnlinePeers'].includes(reason ?? '');
  const steps = [
    { isDone: cluster !== undefined, done: text.known(name), waits: text.waitForCommand(name) },
    { isDone: isAgentThere, done: text.agent, waits: text.waitForAgent },
    { isDone: isReady, done: text.ready, waits: text.waitForReady },
  ];
  const current = steps.findIndex(({ isDone }) => !isDone);
  return (
    <Stack gap="xs" aria-live="polite" fz="sm">
      <Text size="sm" fw={600}>
        {text.sees}
      </Text>
      {steps.map(({ isDone, done, waits }, index) => {
        const mark: Mark = isDone ? 'done' : index === current ? (hasFailed ? 'failed' : 'busy') : 'waiting';
        return (
          <StateBadge key={done} mark={mark}>
            {isDone ? done : waits}
          </StateBadge>
        );
      })}
      {!isReady && message !== '' && (
        <Text size="sm" c="dimmed">
          {message}
        </Text>
      )}
      {isReady && (
        <Group>
          <ButtonLink to="/clusters/$name" params={{ name }}>
            {text.open(name)}
          </ButtonLink>
        </Group>
      )}
    </Stack>
  );
}
