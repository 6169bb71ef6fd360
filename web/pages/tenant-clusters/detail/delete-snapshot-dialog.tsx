import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { Snapshot } from '../../../../contracts/operations.ts';
import { ConfirmDialog } from '../../../components/confirm-dialog.tsx';
import { vcpCommand } from '../../../instances/detail/commands.ts';
import type { InstanceView } from '../../../instances/detail/instance-view.ts';
import { exactTime } from '../../../components/time.ts';
import { rest } from '../../../server/rest.ts';
import { commonText } from '../../../text/common.ts';
import { tenantSnapshotsText as text } from '../../../text/tenant-snapshots.ts';
import { formerUid } from './former-uid.ts';

/** Deletes a snapshot and its file. */
export function DeleteSnapshotDialog({
  target,
  instance,
  snapshot,
  onClose,
  onAccepted,
}: InstanceView & { snapshot: Snapshot; onClose: () => void; onAccepted: () => void }) {
  const { project, name } = target;
  const queryClient = useQueryClient();
  const former = formerUid(snapshot, instance);
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.deleteTitle(snapshot.name)}
      confirm={commonText.delete}
      danger
      typeName={snapshot.name}
      command={vcpCommand(
        'snapshot delete',
        target,
        snapshot.name,
        ...(former === undefined ? [] : ['--uid', former]),
      )}
      act={async () => {
        await rest.deleteSnapshot({
          params: { project, name, snapshot: snapshot.name },
          query: snapshot.uid === undefined ? {} : { uid: snapshot.uid },
        });
        onAccepted();
        await queryClient.invalidateQueries({ queryKey: ['snapshots'] });
      }}
    >
      <Text>{text.deleteWhat(exactTime(Date.parse(snapshot.createdAt)))}</Text>
    </ConfirmDialog>
  );
}
