import { Alert, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleX, IconHourglassEmpty } from '@tabler/icons-react';
import { errorExplanations } from '../../../contracts/error-explanations.ts';
import { errorTable, isErrorCode } from '../../../contracts/errors.ts';
import { isFinal, type Operation } from '../../../contracts/operations.ts';
import { PageLink } from '../../components/links.tsx';
import { operationPageText as text } from '../../text/operations.ts';
import { verbText } from '../../text/states.ts';

/** What has to be known first: that it waits, why it failed, or that what is shown may be old. */
export function OperationNotices({ operation }: { operation: Operation }) {
  const { state, live, type } = operation;
  return (
    <>
      {!live && !isFinal(state) && (
        <Alert color="yellow" icon={<IconAlertTriangle />} role="status">
          {text.notLive}
        </Alert>
      )}
      {state === 'queued' && <Queue operation={operation} />}
      {type === 'delete' && state === 'running' && (
        <Text size="sm" c="dimmed">
          {text.cannotCancel}
        </Text>
      )}
      {state !== 'succeeded' && isFinal(state) && <End operation={operation} />}
    </>
  );
}

function Queue({ operation: { blockedBy } }: { operation: Operation }) {
  return (
    <Alert color="gray" icon={<IconHourglassEmpty />} role="status">
      {blockedBy === undefined ? (
        text.waitingTurn
      ) : (
        <>
          {text.waitingBehind}{' '}
          <PageLink to="/operations/$id" params={{ id: blockedBy.id }}>
            {text.queuedBehind(verbText[blockedBy.type] ?? blockedBy.type, blockedBy.actor)}
          </PageLink>
        </>
      )}
    </Alert>
  );
}

/** Why it ended otherwise than it should, in full. */
function End({ operation: { state, reason, message, steps } }: { operation: Operation }) {
  const isFailed = state === 'failed';
  const title = isFailed ? text.failed : state === 'cancelled' ? text.cancelled : text.superseded;
  const step = steps.find((one) => one.state === 'failed');
  const code = isErrorCode(reason) ? reason : undefined;
  return (
    <Alert
      color={isFailed ? 'red' : 'gray'}
      icon={<IconCircleX />}
      title={isFailed && code !== undefined ? `${title}: ${errorTable[code].title}` : title}
      role="status"
    >
      <Stack gap="xs">
        {message !== undefined && (
          <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {message}
          </Text>
        )}
        {isFailed && step !== undefined && <Text size="sm">{text.failedStep(step.title)}</Text>}
        {isFailed && code !== undefined && (
          <Text size="sm" c="dimmed">
            {text.meaning}: {errorExplanations[code].replaceAll('`', '')}
          </Text>
        )}
      </Stack>
    </Alert>
  );
}
