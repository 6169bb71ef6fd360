import { Box, Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlugConnected } from '@tabler/icons-react';
import type { Operation } from '../../../contracts/operations.ts';
import { consoleKinds } from '../../server/console-kinds.ts';
import { instanceText as text } from '../../text/instance.ts';
import { kindText } from '../../text/kinds.ts';
import { stateText } from '../../text/states.ts';
import { InstanceActions } from '../actions/instance-actions.tsx';
import { useOpenOperations } from '../actions/open-operation.ts';
import { PageLink } from '../../components/links.tsx';
import { PageHead } from '../../components/page-states.tsx';
import { InstanceStateBadge, StateBadge } from '../../components/state-badge.tsx';
import { ConnectDialog } from './connect-dialog.tsx';
import type { InstanceView } from './instance-view.ts';

/** Name, state in a sentence, and what one can do. */
export function InstanceHead({ target, instance }: InstanceView) {
  const { kind, project, name } = target;
  const { displayName } = instance.spec ?? {};
  const [open] = useOpenOperations(target);
  return (
    <Box mb="md">
      <PageHead
        title={name}
        besideTitle={
          displayName !== undefined &&
          displayName !== '' &&
          displayName !== name && (
            <Text span c="dimmed" fw={400} ml="sm">
              {displayName}
            </Text>
          )
        }
        back={
          <PageLink to={consoleKinds[kind].pages.list} search={{ project }} size="sm">
            {text.back(kindText[kind].plural, project)}
          </PageLink>
        }
      >
        <HeadActions target={target} instance={instance} />
      </PageHead>
      <Box mt={-8} aria-live="polite" style={{ overflowWrap: 'anywhere' }}>
        {open === undefined ? <StateSentence instance={instance} /> : <OpenSentence operation={open} />}
      </Box>
    </Box>
  );
}

/** The state, and in the words of the platform why it is so and what comes next. */
function StateSentence({ instance: { metadata, status = {} } }: Pick<InstanceView, 'instance'>) {
  const { phase = '', why = '', reason, message, conditions = [], lastOperation } = status;
  const isSilent =
    phase === 'Ready' &&
    conditions.some(({ type, status: is }) => type === 'ControlPlaneReachable' && is === 'False');
  const word = phase === 'Sleeping' ? stateText.asleep : stateText.awake;
  // The sentence begins with the word that the badge shows.
  const rest = why.startsWith(word) ? why.slice(word.length) : ` ${why}`;
  const isInBadge = phase === 'Pending' || phase === '';
  return (
    <>
      {isSilent ? (
        <StateBadge mark="offline">{text.unreachable}</StateBadge>
      ) : (
        <InstanceStateBadge
          phase={metadata.deletionTimestamp === undefined ? phase : 'Terminating'}
          reason={reason}
          message={message}
          why={why}
          lastOperationType={lastOperation?.type}
          lastOperationState={lastOperation?.state}
        />
      )}
      {!isInBadge && <Text span>{isSilent ? ` ${why}` : rest}</Text>}
    </>
  );
}

/** What an operation does now, and where to look at it. */
function OpenSentence({ operation }: { operation: Operation }) {
  const { id, type, actor, state, steps, currentStep } = operation;
  const at = steps.findIndex(({ key }) => key === currentStep);
  const step = steps[at];
  return (
    <>
      <InstanceStateBadge lastOperationType={type} lastOperationState={state} />
      <Text span>
        {' '}
        {text.by(actor)}
        {step === undefined ? '. ' : ` · ${text.step(at + 1, steps.length, step.title)}. `}
        <PageLink to="/operations/$id" params={{ id }}>
          {text.seeOperation}
        </PageLink>
      </Text>
    </>
  );
}

function HeadActions({ target, instance }: InstanceView) {
  const [isConnecting, connecting] = useDisclosure(false);
  const { phase, canUse } = instance.status ?? {};
  return (
    <>
      {canUse === true && (
        <Button
          leftSection={<IconPlugConnected size={16} />}
          variant={phase === 'Sleeping' ? 'default' : 'filled'}
          onClick={connecting.open}
        >
          {text.connect}
        </Button>
      )}
      <InstanceActions target={target} />
      <ConnectDialog opened={isConnecting} onClose={connecting.close} target={target} instance={instance} />
    </>
  );
}
