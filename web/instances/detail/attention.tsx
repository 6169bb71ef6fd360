import { Alert, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconClockExclamation } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { kindNames } from '../../../contracts/kinds.ts';
import { filtersOf, operationsQuery } from '../../server/operations.ts';
import { instanceText as text } from '../../text/instance.ts';
import { Age } from '../../components/age.tsx';
import { CommandBox } from '../../components/command-box.tsx';
import { useOpenOperations } from '../actions/open-operation.ts';
import { ButtonLink } from '../../components/links.tsx';
import { vcpCommand } from './commands.ts';
import type { InstanceView } from './instance-view.ts';

/** What went wrong or is about to, why, and the way on. */
export function Attention(view: InstanceView) {
  const { autoDeletion } = view.instance.status ?? {};
  return (
    <>
      <FailedAlert {...view} />
      {autoDeletion !== undefined && (
        <Alert color="yellow" icon={<IconClockExclamation />} title={text.autoDeletion}>
          {text.autoDeletionWhy} <Age at={autoDeletion.at} />.
        </Alert>
      )}
    </>
  );
}

function FailedAlert({ target, instance }: InstanceView) {
  const { phase, reason, message, nextAttempt, canUpdate } = instance.status ?? {};
  const [open] = useOpenOperations(target);
  const isAmiss = phase === 'Failed' || nextAttempt !== undefined || (reason !== undefined && reason !== '');
  if (!isAmiss || open !== undefined) return null;
  const color = phase === 'Failed' ? 'red' : 'yellow';
  return (
    <Alert
      color={color}
      icon={<IconAlertTriangle />}
      title={text.failed(kindNames[target.kind].noun)}
      role="alert"
    >
      <Stack gap="sm">
        <div>
          <Text style={{ overflowWrap: 'anywhere' }}>{message || reason}</Text>
          {message && reason && (
            <Text size="sm" c="dimmed">
              {text.reason(reason)}
            </Text>
          )}
          {nextAttempt !== undefined && (
            <Text mt={4} style={{ overflowWrap: 'anywhere' }}>
              {text.nextAttempt(nextAttempt.message)}
            </Text>
          )}
        </div>
        <Group gap="xs">
          <FailedOperationLink target={target} instance={instance} />
        </Group>
        {canUpdate === true && <CommandBox title={text.retry} command={vcpCommand('retry', target)} />}
      </Stack>
    </Alert>
  );
}

/** To the newest operation of it that failed, if there is one. */
function FailedOperationLink({ target: { kind, project, name }, instance }: InstanceView) {
  const { lastOperation } = instance.status ?? {};
  const isKnown = lastOperation?.state === 'failed';
  const failed = useInfiniteQuery({
    ...operationsQuery({ ...filtersOf(kind, project, name), state: 'failed' }),
    enabled: !isKnown,
  });
  const id = isKnown ? lastOperation.id : failed.data?.pages[0]?.items[0]?.id;
  if (id === undefined) return null;
  return (
    <ButtonLink to="/operations/$id" params={{ id }} variant="default">
      {text.failedOperation}
    </ButtonLink>
  );
}
