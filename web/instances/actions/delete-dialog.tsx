import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Operation } from '../../../contracts/operations.ts';
import { type InstanceName, previewQuery } from '../../server/instances.ts';
import { actionText as text } from '../../text/instances.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { OperationPreview } from '../../components/operation-preview.tsx';
import { beginAction, commandOf } from './instance-action.ts';

/** Deletes a tenant cluster or space, after it was said what goes and its name was typed. */
export function DeleteDialog({
  target,
  onClose,
  onAccepted,
}: {
  target: InstanceName;
  onClose: () => void;
  onAccepted: (operation: Operation) => void;
}) {
  const { kind, name } = target;
  const preview = useQuery(previewQuery(target, { type: 'delete' }));
  const [uid, setUid] = useState<string>();
  if (uid === undefined && preview.data !== undefined) setUid(preview.data.uid);
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.deleteTitle(name)}
      confirm={text.delete}
      danger
      typeName={name}
      act={async () => onAccepted(await beginAction('delete', { ...target, uid }))}
      command={commandOf('delete', target)}
    >
      <Stack gap="sm">
        <Text size="sm">{text.deleteWhat[kind]}</Text>
        <Text size="sm">{text.deleteKeeps[kind]}</Text>
        <OperationPreview query={preview} />
      </Stack>
    </ConfirmDialog>
  );
}
