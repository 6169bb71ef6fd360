import { Text } from '@mantine/core';
import { isFinal, type Operation } from '../../../contracts/operations.ts';
import { useNow } from '../../components/age.tsx';
import { OperationProgress } from '../../components/operation-line.tsx';
import { elapsedOf } from '../../components/step-times.ts';
import { durationText } from '../../components/time.ts';
import { operationPageText as text } from '../../text/operations.ts';

/** How long it took against what is usual, and which step took longest. */
export function OperationTotals({ operation }: { operation: Operation }) {
  const { state, startedAt, finishedAt, expectedMs } = operation;
  if (startedAt === undefined) return null;
  if (!isFinal(state)) return <OperationProgress operation={operation} />;
  const took = Math.max(0, Date.parse(finishedAt ?? startedAt) - Date.parse(startedAt));
  if (state !== 'succeeded') return <Text>{text.endedAfter(durationText(took))}</Text>;
  return (
    <Text>
      {text.took(durationText(took), durationText(expectedMs))}: {comparison(took, expectedMs)}.{' '}
      <Longest operation={operation} />
    </Text>
  );
}

function comparison(took: number, expectedMs: number): string {
  const percent = Math.round((took / Math.max(1, expectedMs) - 1) * 100);
  if (Math.abs(percent) < 15 || Math.abs(took - expectedMs) < 200) return text.asUsual;
  if (percent >= 100) return text.timesAsLong((took / expectedMs).toFixed(1));
  return percent > 0 ? text.slower(percent) : text.faster(-percent);
}

function Longest({ operation: { steps } }: { operation: Operation }) {
  const now = useNow();
  const measured = steps.flatMap((step) => {
    const elapsed = step.key === 'turn' ? undefined : elapsedOf(step, now);
    return elapsed === undefined ? [] : [{ title: step.title, elapsed }];
  });
  const [longest] = measured.toSorted((a, b) => b.elapsed - a.elapsed);
  return longest === undefined ? null : text.longest(longest.title, durationText(longest.elapsed));
}
