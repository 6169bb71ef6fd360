import { TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { isName } from '../../../../contracts/names.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { vcpCommand } from '../../../instances/detail/commands.ts';
import type { InstanceView } from '../../../instances/detail/instance-view.ts';
import { OperationPreview } from '../../../components/operation-preview.tsx';
import { previewQuery, submitOperation } from '../../../server/instances.ts';
import { tenantSnapshotsText as text } from '../../../text/tenant-snapshots.ts';

/** Takes a snapshot, under a name if one is given. */
export function TakeSnapshotDialog({
  target,
  onClose,
}: Pick<InstanceView, 'target'> & { onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const queryClient = useQueryClient();
  const preview = useQuery(previewQuery(target, { type: 'snapshot' }));
  const snapshot = typed.trim();
  const isValid = snapshot === '' || isName(snapshot);
  const parameters = snapshot === '' ? {} : { snapshot };
  return (
    <FormDialog
      onClose={onClose}
      title={text.takeTitle(target.name)}
      submit={text.take}
      isReady={isValid}
      command={vcpCommand('snapshot create', target, ...(snapshot === '' ? [] : ['--name', snapshot]))}
      act={() => submitOperation(target, { type: 'snapshot', parameters })}
      onDone={() => {
        notifications.show({ message: text.taking });
        void queryClient.invalidateQueries({ queryKey: ['snapshots'] });
      }}
    >
      {() => (
        <>
          <TextInput
            label={text.nameLabel}
            description={text.nameHint}
            value={typed}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
            error={isValid ? undefined : text.nameHint}
            autoComplete="off"
            data-autofocus
          />
          <OperationPreview query={preview} />
        </>
      )}
    </FormDialog>
  );
}
