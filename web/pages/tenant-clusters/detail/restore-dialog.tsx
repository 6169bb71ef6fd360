import { Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import type { Snapshot } from '../../../../contracts/operations.ts';
import { ConfirmDialog } from '../../../components/confirm-dialog.tsx';
import { vcpCommand } from '../../../instances/detail/commands.ts';
import type { InstanceView } from '../../../instances/detail/instance-view.ts';
import { OperationPreview } from '../../../components/operation-preview.tsx';
import { exactTime } from '../../../components/time.ts';
import { previewQuery, submitOperation } from '../../../server/instances.ts';
import { tenantSnapshotsText as text } from '../../../text/tenant-snapshots.ts';
import { formerUid } from './former-uid.ts';

/** Puts a snapshot in place of what is there, after it was said what that loses. */
export function RestoreDialog({
  target,
  instance,
  snapshot,
  onClose,
}: InstanceView & { snapshot: Snapshot; onClose: () => void }) {
  const { name } = target;
  const former = formerUid(snapshot, instance);
  const source = former === undefined ? {} : { sourceTenantCluster: name, sourceUid: former };
  const request = { type: 'restore', parameters: { snapshot: snapshot.name, ...source } } as const;
  const preview = useQuery(previewQuery(target, request));
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={text.restoreTitle(snapshot.name)}
      confirm={text.restore}
      danger
      typeName={name}
      command={vcpCommand(
        'restore',
        target,
        snapshot.name,
        ...(former === undefined ? [] : ['--from', name, '--from-uid', former]),
      )}
      act={async () => {
        await submitOperation(target, request);
        notifications.show({ message: text.restoring });
      }}
    >
      <Stack gap="sm">
        <Text fw={500}>
          {text.restoreLoses(name, snapshot.name, exactTime(Date.parse(snapshot.createdAt)))}
        </Text>
        <Text size="sm">{text.restoreHow}</Text>
        <Text size="sm">{text.restoreSafe}</Text>
        <OperationPreview query={preview} />
      </Stack>
    </ConfirmDialog>
  );
}
