import { Group, Stack, Text, Title } from '@mantine/core';
import type { Condition } from '../../contracts/resources/condition.ts';
import { conditionsText as text, conditionText } from '../text/conditions.ts';
import { Age } from './age.tsx';
import { type Mark, StateBadge } from './state-badge.tsx';
import classes from './conditions.module.css';

type Judged = Condition & { readonly mark: Mark; readonly rank: number };

/** From this rank on nobody has to do anything. */
const calmRank = 3;
/** What is as it should be. */
const fineRank = 4;

/** What the platform observed, in words: what is bad, and below it, folded, what is as it should be. */
export function Conditions({ conditions }: { conditions: readonly Condition[] }) {
  const judged = withoutEchoes(conditions)
    .map(judge)
    .toSorted((a, b) => a.rank - b.rank || a.type.localeCompare(b.type));
  const bad = judged.filter(({ rank }) => rank < calmRank);
  const calm = judged.filter(({ rank }) => rank >= calmRank);
  return (
    <section>
      <Title order={2} mb="sm">
        {text.title}
      </Title>
      {judged.length === 0 && <Text c="dimmed">{text.none}</Text>}
      {bad.length > 0 && <ConditionList conditions={bad} />}
      {calm.length > 0 && (
        <details>
          <Text component="summary" py={6} style={{ cursor: 'pointer' }}>
            {bad.length === 0 ? text.allFine(calm.length) : text.othersFine(calm.length)}
          </Text>
          <ConditionList conditions={calm} />
        </details>
      )}
    </section>
  );
}

/** `Ready` says what these two say; they are for tools. */
function withoutEchoes(conditions: readonly Condition[]): readonly Condition[] {
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined) return conditions;
  return conditions.filter(({ type }) => type !== 'Stalled' && type !== 'Reconciling');
}

function ConditionList({ conditions }: { conditions: readonly Judged[] }) {
  const messages = conditions.map(({ message }) => message);
  return (
    <ul className={classes['list']}>
      {conditions.map((condition, index) => (
        <ConditionItem
          key={condition.type}
          condition={condition}
          isSaid={messages.indexOf(condition.message) < index}
        />
      ))}
    </ul>
  );
}

/** @param isSaid its message stands above already */
function ConditionItem({ condition, isSaid }: { condition: Judged; isSaid: boolean }) {
  const { type, reason, message = '', mark, lastTransitionTime } = condition;
  return (
    <li>
      <Group justify="space-between" gap="sm" wrap="nowrap" align="baseline">
        <StateBadge mark={mark}>{sentenceOf(condition)}</StateBadge>
        <Text span size="sm" c="dimmed">
          <Age at={lastTransitionTime} />
        </Text>
      </Group>
      {message !== '' && !isSaid && (
        <Text size="sm" pl={20} style={{ overflowWrap: 'anywhere' }}>
          {message}
        </Text>
      )}
      <Text size="xs" c="dimmed" pl={20} style={{ overflowWrap: 'anywhere' }}>
        {[type, reason].filter(Boolean).join(' · ')}
      </Text>
    </li>
  );
}

/** Conditions that are bad when they are true. */
const badWhenTrue = /^Reconciling$|^Stalled$|AutoDeletionPending$|^FieldsIgnored$|^DeletionBlocked$/;
/** Protection from deletion is as it should be, whether it is there or not. */
const neverBad = /^DeletionPrevented$/;

function judge(condition: Condition): Judged {
  const { type, status, severity } = condition;
  const isTrue = status === 'True';
  if (neverBad.test(type)) return { ...condition, mark: 'done', rank: fineRank };
  if (status === 'Unknown') return { ...condition, mark: type === 'Ready' ? 'busy' : 'waiting', rank: 2 };
  if (isTrue && type === 'Reconciling') return { ...condition, mark: 'busy', rank: 2 };
  if (isTrue && type === 'Stalled') return { ...condition, mark: 'failed', rank: 0 };
  if (isTrue && badWhenTrue.test(type)) return { ...condition, mark: 'offline', rank: 1 };
  if (isTrue || badWhenTrue.test(type)) return { ...condition, mark: 'done', rank: fineRank };
  if (severity === 'Error') return { ...condition, mark: 'failed', rank: 0 };
  if (severity === 'Warning') return { ...condition, mark: 'offline', rank: 1 };
  return { ...condition, mark: 'unknown', rank: calmRank };
}

function sentenceOf({ type, status }: Condition): string {
  const [isTrue, isFalse] = conditionText[type] ?? [text.holds(type), text.fails(type)];
  if (status === 'True') return isTrue;
  if (status === 'False') return isFalse;
  return type === 'Ready' ? text.underWay : text.notKnown(isTrue);
}

/** Conditions of which somebody should know: what they say is not as it should be. */
export function troubledConditions(conditions: readonly Condition[] = []): Condition[] {
  return conditions.filter((condition) => judge(condition).rank < fineRank);
}

/** What is not as it should be, each in its own words and since when. */
export function TroubledConditions({ conditions }: { conditions: readonly Condition[] }) {
  return (
    <Stack gap="sm" fz="sm">
      {conditions.map(judge).map(({ type, mark, message, reason, lastTransitionTime }) => (
        <Stack key={type} gap={2}>
          <StateBadge mark={mark}>{message || reason || type}</StateBadge>
          <Text size="sm" c="dimmed">
            {wordsOf(type)}
            {lastTransitionTime !== undefined && (
              <>
                {' · '}
                <Age at={lastTransitionTime} />
              </>
            )}
          </Text>
        </Stack>
      ))}
    </Stack>
  );
}

/** `AgentVersion` as "Agent version". */
function wordsOf(type: string): string {
  const words = type.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
