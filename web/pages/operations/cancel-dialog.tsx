import { List, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { Operation, OperationStep } from '../../../contracts/operations.ts';
import { targetOf } from '../../../contracts/operations.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { cancelOperation } from '../../server/operations.ts';
import { cancelText as text, operationPageText } from '../../text/operations.ts';
import { verbText } from '../../text/states.ts';

/** Asks before an operation is cancelled, and says what of it would be undone. */
export function CancelDialog({
  operation,
  opened,
  onClose,
}: {
  operation: Operation;
  opened: boolean;
  onClose: () => void;
}) {
  const { id, type } = operation;
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={text.title(operationPageText.title(verbText[type] ?? type, targetOf(operation).name))}
      confirm={text.confirm}
      dismiss={text.keep}
      act={() => cancelOperation(id)}
      onDone={() => notifications.show({ message: text.asked })}
      command={`vcp operations cancel ${id}`}
      danger
    >
      <WhatIsUndone operation={operation} />
    </ConfirmDialog>
  );
}

function WhatIsUndone({ operation: { state, steps } }: { operation: Operation }) {
  if (state === 'queued') return <Text>{text.notBegun}</Text>;
  const undone = undoneBy(steps);
  if (undone.length === 0) return <Text>{text.undoesNothing}</Text>;
  return (
    <Stack gap="xs">
      <Text>{text.undoes}</Text>
      <List size="sm" type="ordered">
        {undone.map(({ key, title, undo, state: stepState }) => (
          <List.Item key={key}>
            {undo}{' '}
            <Text span c="dimmed" inherit>
              ({title}
              {stepState === 'running' && `, ${text.running}`})
            </Text>
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}

/** Steps that a cancel undoes, in the order in which it does; those with nothing to undo say so in their text. */
function undoneBy(steps: readonly OperationStep[]): OperationStep[] {
  return steps
    .filter(
      ({ state, undo = '' }) =>
        (state === 'succeeded' || state === 'running') && undo !== '' && !/^Nothing to undo\b/.test(undo),
    )
    .toReversed();
}
