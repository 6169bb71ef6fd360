import { Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Operation } from '../../../contracts/operations.ts';
import { type InstanceName, previewQuery } from '../../server/instances.ts';
import { actionText as text } from '../../text/instances.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { OperationPreview } from '../../components/operation-preview.tsx';
import { beginAction, commandOf } from './instance-action.ts';

const hour = 3_600;
/** What keeps requests from waking it: seconds, 0: until somebody wakes it. */
const holds = [
  { value: 'none', label: text.wakesByUse },
  { value: String(hour), label: text.wakesAfter(1) },
  { value: String(8 * hour), label: text.wakesAfter(8) },
  { value: '0', label: text.wakesByPerson },
];

/** Puts a tenant cluster or space to sleep, after it was said what that loses. */
export function SleepDialog({
  target,
  onClose,
  onAccepted,
}: {
  target: InstanceName;
  onClose: () => void;
  onAccepted: (operation: Operation) => void;
}) {
  const [hold, setHold] = useState('none');
  const parameters = hold === 'none' ? {} : { forceDurationSeconds: Number(hold) };
  const preview = useQuery(previewQuery(target, { type: 'sleep', parameters }));
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.sleepTitle(target.name)}
      confirm={text.sleep}
      act={async () => onAccepted(await beginAction('sleep', target, parameters))}
      command={commandOf('sleep', target, hold === 'none' ? '' : ` --prevent-wakeup ${hold}`)}
    >
      <Stack gap="sm">
        <Text size="sm">{text.sleepWhat[target.kind]}</Text>
        <Select
          label={text.wakesBy}
          data={holds}
          value={hold}
          onChange={(value) => setHold(value ?? 'none')}
          allowDeselect={false}
          comboboxProps={{ withinPortal: true }}
        />
        <OperationPreview query={preview} />
      </Stack>
    </ConfirmDialog>
  );
}
