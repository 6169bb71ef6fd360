import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconCamera } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Snapshot } from '../../../../contracts/operations.ts';
import { useOpenOperations } from '../../../instances/actions/open-operation.ts';
import type { InstanceView } from '../../../instances/detail/instance-view.ts';
import { OperationLine } from '../../../components/operation-line.tsx';
import { Empty, Loaded } from '../../../components/page-states.tsx';
import { tenantSnapshotsText as text } from '../../../text/tenant-snapshots.ts';
import { DeleteSnapshotDialog } from './delete-snapshot-dialog.tsx';
import { RestoreDialog } from './restore-dialog.tsx';
import { SnapshotTable } from './snapshot-table.tsx';
import { tenantSnapshotsQuery } from './snapshots-query.ts';
import { TakeSnapshotDialog } from './take-snapshot-dialog.tsx';

type Asked = { readonly what: 'take' } | { readonly what: 'restore' | 'delete'; readonly snapshot: Snapshot };

/** Snapshots of a tenant cluster: take, restore, delete. */
export default function SnapshotsTab({ target, instance }: InstanceView) {
  const { project, name } = target;
  const [deleting, setDeleting] = useState<readonly string[]>([]);
  const query = useQuery({
    ...tenantSnapshotsQuery(project, name),
    // Its file is deleted some moments later, and no event tells that.
    refetchInterval: ({ state: { data = [] } }) =>
      data.some((one) => deleting.includes(one.operationId)) ? 1_000 : false,
  });
  const running = useOpenOperations(target).filter(({ type }) => type === 'snapshot' || type === 'restore');
  const [asked, setAsked] = useState<Asked>();
  const mayChange = instance.status?.canUpdate === true;
  const close = () => setAsked(undefined);
  const { refetch } = query;
  useEffect(() => void refetch(), [running.length, refetch]);
  const take = mayChange && (
    <Button leftSection={<IconCamera size={16} />} onClick={() => setAsked({ what: 'take' })}>
      {text.take}
    </Button>
  );
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="sm" align="flex-start" wrap="wrap">
        <div style={{ maxWidth: 640 }}>
          <Title order={2}>{text.title}</Title>
          <Text size="sm" c="dimmed">
            {text.why}
          </Text>
        </div>
        {take}
      </Group>
      {running.map((operation) => (
        <OperationLine key={operation.id} operation={operation} />
      ))}
      <Loaded query={query}>
        {(snapshots) =>
          snapshots.length === 0 && running.length === 0 ? (
            <Empty title={text.none}>{text.noneWhy}</Empty>
          ) : (
            <SnapshotTable
              snapshots={snapshots}
              mayChange={mayChange}
              deleting={deleting}
              onRestore={(snapshot) => setAsked({ what: 'restore', snapshot })}
              onDelete={(snapshot) => setAsked({ what: 'delete', snapshot })}
            />
          )
        }
      </Loaded>
      {asked?.what === 'take' && <TakeSnapshotDialog target={target} onClose={close} />}
      {asked?.what === 'restore' && (
        <RestoreDialog target={target} instance={instance} snapshot={asked.snapshot} onClose={close} />
      )}
      {asked?.what === 'delete' && (
        <DeleteSnapshotDialog
          target={target}
          instance={instance}
          snapshot={asked.snapshot}
          onClose={close}
          onAccepted={() => setDeleting([...deleting, asked.snapshot.operationId])}
        />
      )}
    </Stack>
  );
}
