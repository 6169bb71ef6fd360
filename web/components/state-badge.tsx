import { Group, Loader, Text } from '@mantine/core';
import {
  IconCircleFilled,
  IconCircleX,
  IconHourglassEmpty,
  IconLinkOff,
  IconMinus,
  IconMoonFilled,
  IconArrowBackUp,
  IconCheck,
  IconBan,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { OperationState, StepState } from '../../contracts/operations.ts';
import { doingText, stateText } from '../text/states.ts';

const size = 14;
const marks = {
  good: { color: 'var(--vcp-good)', icon: <IconCircleFilled size={10} /> },
  done: { color: 'var(--vcp-good)', icon: <IconCheck size={size} /> },
  asleep: { color: 'var(--vcp-asleep)', icon: <IconMoonFilled size={size} /> },
  busy: { color: 'var(--vcp-busy)', icon: <Loader size={12} color="var(--vcp-busy)" aria-hidden /> },
  waiting: { color: 'var(--vcp-waiting)', icon: <IconHourglassEmpty size={size} /> },
  failed: { color: 'var(--vcp-failed)', icon: <IconCircleX size={size} /> },
  offline: { color: 'var(--vcp-offline)', icon: <IconLinkOff size={size} /> },
  undone: { color: 'var(--vcp-waiting)', icon: <IconArrowBackUp size={size} /> },
  cancelled: { color: 'var(--vcp-waiting)', icon: <IconBan size={size} /> },
  unknown: { color: 'var(--vcp-waiting)', icon: <IconMinus size={size} /> },
} as const;

/** How a state looks: an icon in its colour, never the colour alone. */
export type Mark = keyof typeof marks;

/** A state as icon and word. */
export function StateBadge({ mark, children }: { mark: Mark; children: ReactNode }) {
  const { color, icon } = marks[mark];
  return (
    <Group
      gap={6}
      wrap="nowrap"
      align="baseline"
      c={color}
      component="span"
      style={{ display: 'inline-flex' }}
    >
      <span
        aria-hidden
        style={{
          display: 'inline-flex',
          flex: 'none',
          alignSelf: 'flex-start',
          alignItems: 'center',
          height: '1lh',
        }}
      >
        {icon}
      </span>
      <Text span inherit style={{ overflowWrap: 'break-word' }}>
        {children}
      </Text>
    </Group>
  );
}

/** What is known of the state of an instance: of its row or of its resource. */
export interface InstanceState {
  readonly phase?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  /** Why it is awake or asleep: said of what exists and is on its way to another state. */
  readonly why?: string | undefined;
  readonly lastOperationType?: string | undefined;
  readonly lastOperationState?: string | undefined;
}

/** The state of a tenant cluster or space: a running operation says more than the phase. */
export function InstanceStateBadge(state: InstanceState) {
  const { lastOperationType, lastOperationState } = state;
  const doing = doingText[lastOperationType ?? ''];
  if (lastOperationState === 'running')
    return <StateBadge mark="busy">{doing ?? stateText.running} …</StateBadge>;
  if (lastOperationState === 'queued')
    return (
      <StateBadge mark="waiting">
        {stateText.queued}: {doing ?? ''}
      </StateBadge>
    );
  return <PhaseBadge {...state} />;
}

function PhaseBadge({ phase, reason, message, why, lastOperationType, lastOperationState }: InstanceState) {
  switch (phase) {
    case 'Ready':
      return <StateBadge mark="good">{stateText.awake}</StateBadge>;
    case 'Sleeping':
      return <StateBadge mark="asleep">{stateText.asleep}</StateBadge>;
    case 'Failed':
      return (
        <StateBadge mark="failed">
          {stateText.failed}: {firstSentence(message) || reason || ''}
        </StateBadge>
      );
    case 'Terminating':
      return <StateBadge mark="busy">{stateText.terminating} …</StateBadge>;
    case 'Pending':
    case '':
      return (
        <StateBadge mark="waiting">{why || pendingText(lastOperationType, lastOperationState)}</StateBadge>
      );
    default:
      return <StateBadge mark="unknown">{stateText.unknown}</StateBadge>;
  }
}

/** What was created once, as its last operation tells, waits for another change. */
function pendingText(type: string | undefined, state: string | undefined): string {
  const wasMade = type !== undefined && (type !== 'create' || state === 'succeeded');
  return wasMade ? stateText.changing : stateText.pending;
}

const operationMarks: Readonly<Record<OperationState, Mark>> = {
  queued: 'waiting',
  running: 'busy',
  succeeded: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  superseded: 'cancelled',
};

export function OperationStateBadge({ state }: { state: OperationState }) {
  return <StateBadge mark={operationMarks[state]}>{stateText[state]}</StateBadge>;
}

const stepMarks: Readonly<Record<StepState, readonly [Mark, string]>> = {
  pending: ['waiting', stateText.queued],
  running: ['busy', stateText.running],
  succeeded: ['done', stateText.succeeded],
  failed: ['failed', stateText.failed],
  cancelled: ['cancelled', stateText.cancelled],
  skipped: ['unknown', stateText.skipped],
  undoing: ['busy', stateText.undoing],
  undone: ['undone', stateText.undone],
  undo_failed: ['failed', stateText.undoFailed],
};

export function StepStateBadge({ state }: { state: StepState }) {
  const [mark, word] = stepMarks[state];
  return <StateBadge mark={mark}>{word}</StateBadge>;
}

/** The first sentence of a message, for where there is room for one line. */
export function firstSentence(message = ''): string {
  return /^.*?[.!?](?=\s|$)/s.exec(message)?.[0] ?? message;
}
