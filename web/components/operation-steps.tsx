import { Text } from '@mantine/core';
import { isFinal, type Operation } from '../../contracts/operations.ts';
import { stepText as text } from '../text/operations.ts';
import { useNow } from './age.tsx';
import { OperationStepItem } from './operation-step.tsx';
import classes from './operation-steps.module.css';
import { besideOf, windowOf } from './step-times.ts';

/**
 * The steps of an operation, one below the other, in the order in which they are done. All bars share one time, that of the
 * operation: what is above each other ran at the same time. Counts on by itself while it runs.
 */
export function OperationSteps({ operation }: { operation: Operation }) {
  const now = useNow();
  const window = windowOf(operation, now);
  return (
    <>
      <ol className={classes['steps']} aria-label={text.title}>
        {operation.steps.map((step) => (
          <OperationStepItem
            key={step.key}
            step={step}
            window={window}
            now={now}
            hasEnded={isFinal(operation.state)}
            beside={besideOf(step, operation.steps, now)}
          />
        ))}
      </ol>
      <Text size="xs" c="dimmed">
        {text.bars}
      </Text>
    </>
  );
}
