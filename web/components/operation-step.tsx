import { Badge, Tooltip, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconTrendingUp } from '@tabler/icons-react';
import { useId, useState } from 'react';
import type { OperationStep, StepState } from '../../contracts/operations.ts';
import { stepText as text } from '../text/operations.ts';
import { Facts } from './facts.tsx';
import classes from './operation-steps.module.css';
import { StateBadge, StepStateBadge } from './state-badge.tsx';
import {
  elapsedOf,
  expectedSpanOf,
  isSlow,
  isTakenBack,
  type OperationWindow,
  type Span,
  spanOf,
} from './step-times.ts';
import { durationText, exactTime } from './time.ts';

const colors: Readonly<Record<StepState, string>> = {
  pending: 'var(--vcp-waiting)',
  running: 'var(--vcp-busy)',
  succeeded: 'var(--vcp-good)',
  failed: 'var(--vcp-failed)',
  cancelled: 'var(--vcp-waiting)',
  skipped: 'var(--vcp-waiting)',
  undoing: 'var(--vcp-busy)',
  undone: 'var(--vcp-waiting)',
  undo_failed: 'var(--vcp-failed)',
};
const hollow: readonly StepState[] = ['pending', 'skipped', 'cancelled', 'undone'];

interface StepProps {
  readonly step: OperationStep;
  /** The time that the bars of all steps share. */
  readonly window: OperationWindow;
  readonly now: number;
  /** Whether the operation has: what is pending then is never reached. */
  readonly hasEnded: boolean;
  /** Steps that ran at the same time. */
  readonly beside: readonly OperationStep[];
}

/** One step: its state, how long against what is usual, and, opened, all that is known of it. */
export function OperationStepItem({ step, window, now, hasEnded, beside }: StepProps) {
  const { state, title, message, attempt = 1 } = step;
  const isFailed = state === 'failed' || state === 'undo_failed';
  const [isOpened, setIsOpened] = useState<boolean>();
  const isOpen = isOpened ?? isFailed;
  const details = useId();
  return (
    <li
      className={classes['step']}
      aria-current={state === 'running' || state === 'undoing' ? 'step' : undefined}
    >
      <span
        className={classes['dot']}
        style={{ color: colors[state] }}
        {...(hollow.includes(state) ? {} : { 'data-full': true })}
        aria-hidden
      />
      <div className={classes['head']}>
        <UnstyledButton
          className={classes['title']}
          onClick={() => setIsOpened(!isOpen)}
          aria-expanded={isOpen}
          aria-controls={details}
        >
          {title}
          {isOpen ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
        </UnstyledButton>
        <StepState state={state} hasEnded={hasEnded} />
        {attempt > 1 && (
          <Badge size="sm" variant="outline" color="gray" tt="none">
            {text.attempt(attempt)}
          </Badge>
        )}
        <Beside steps={beside} />
        <Times step={step} now={now} />
      </div>
      <Bar span={spanOf(step, window, now)} expected={expectedSpanOf(step, window)} color={colors[state]} />
      <Message message={message} isFailed={isFailed} isWhole={isOpen} />
      <div id={details} hidden={!isOpen} className={classes['facts']}>
        {isOpen && <StepFacts step={step} />}
      </div>
    </li>
  );
}

function StepState({ state, hasEnded }: { state: StepState; hasEnded: boolean }) {
  if (state !== 'pending') return <StepStateBadge state={state} />;
  return hasEnded ? (
    <StateBadge mark="unknown">{text.notReached}</StateBadge>
  ) : (
    <StateBadge mark="waiting">{text.notYet}</StateBadge>
  );
}

function Beside({ steps }: { steps: readonly OperationStep[] }) {
  if (steps.length === 0) return null;
  const label = text.parallelWith(steps.map(({ title }) => title).join(', '));
  return (
    <Tooltip label={label} multiline maw={320}>
      <Badge size="sm" variant="light" color="gray" aria-label={label} tt="none">
        {text.parallel}
      </Badge>
    </Tooltip>
  );
}

function Times({ step, now }: { step: OperationStep; now: number }) {
  const { expectedMs, state } = step;
  const elapsed = elapsedOf(step, now);
  if (state === 'skipped') return null;
  const usual = text.usually(durationText(expectedMs));
  if (elapsed === undefined) return <span className={classes['times']}>{usual}</span>;
  if (isTakenBack(step)) return <span className={classes['times']}>{text.stood(durationText(elapsed))}</span>;
  return (
    <span className={classes['times']}>
      {isSlow(elapsed, expectedMs) && (
        <Tooltip label={text.longer}>
          <IconTrendingUp size={14} role="img" aria-label={text.longer} />
        </Tooltip>
      )}
      {durationText(elapsed)} · {usual}
    </span>
  );
}

function Bar({
  span,
  expected,
  color,
}: {
  span: Span | undefined;
  expected: Span | undefined;
  color: string;
}) {
  const styleOf = ({ left, width }: Span) => ({ left: `min(${left}%, 100% - 3px)`, width: `${width}%` });
  return (
    <div className={classes['bar']} style={{ color }} aria-hidden>
      {span !== undefined && <div className={classes['elapsed']} style={styleOf(span)} />}
      {expected !== undefined && <div className={classes['expected']} style={styleOf(expected)} />}
    </div>
  );
}

const shortMessage = 200;

/** What is said of the step; what is long and no failure is cut until it is opened. */
function Message({
  message,
  isFailed,
  isWhole,
}: {
  message: string | undefined;
  isFailed: boolean;
  isWhole: boolean;
}) {
  if (message === undefined || message === '') return null;
  const shown = isWhole || message.length <= shortMessage ? message : `${message.slice(0, shortMessage)} …`;
  return (
    <div className={classes['message']} {...(isFailed ? { 'data-failed': true } : {})}>
      {shown}
    </div>
  );
}

function StepFacts({ step: { startedAt, finishedAt, undo } }: { step: OperationStep }) {
  const time = (at: string | undefined) => (at === undefined ? undefined : exactTime(Date.parse(at)));
  return (
    <Facts
      facts={[
        [text.began, time(startedAt)],
        [text.ended, time(finishedAt)],
        [text.undo, undo],
      ]}
    />
  );
}
