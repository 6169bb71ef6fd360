import { Button, Group, Table } from '@mantine/core';
import type { Snapshot } from '../../../../contracts/operations.ts';
import { Age } from '../../../components/age.tsx';
import { PageLink } from '../../../components/links.tsx';
import { type Mark, StateBadge } from '../../../components/state-badge.tsx';
import { bytesText } from '../../../components/time.ts';
import { commonText } from '../../../text/common.ts';
import { tenantSnapshotsText as text } from '../../../text/tenant-snapshots.ts';

const marks: Readonly<Record<Snapshot['state'], Mark>> = {
  creating: 'busy',
  completed: 'done',
  failed: 'failed',
};

/** Snapshots with what one can do with each. */
export function SnapshotTable({
  snapshots,
  mayChange,
  deleting,
  onRestore,
  onDelete,
}: {
  snapshots: readonly Snapshot[];
  mayChange: boolean;
  /** Operations whose snapshots are being deleted. */
  deleting: readonly string[];
  onRestore: (snapshot: Snapshot) => void;
  onDelete: (snapshot: Snapshot) => void;
}) {
  return (
    <Table.ScrollContainer minWidth={720}>
      <Table aria-label={text.title}>
        <Table.Thead>
          <Table.Tr>
            {[text.name, commonText.state, text.taken, text.size, text.keys, text.version].map((title) => (
              <Table.Th key={title}>{title}</Table.Th>
            ))}
            <Table.Td />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {snapshots.map((snapshot) => (
            <Table.Tr key={`${snapshot.uid ?? ''}/${snapshot.name}`}>
              <Table.Td
                style={{ overflowWrap: 'anywhere' }}
                title={snapshot.sha256 && `${text.hash}: ${snapshot.sha256}`}
              >
                {snapshot.name}
              </Table.Td>
              <Table.Td>
                <PageLink to="/operations/$id" params={{ id: snapshot.operationId }}>
                  {deleting.includes(snapshot.operationId) ? (
                    <StateBadge mark="busy">{text.deleting}</StateBadge>
                  ) : (
                    <StateBadge mark={marks[snapshot.state]}>{text.states[snapshot.state]}</StateBadge>
                  )}
                </PageLink>
              </Table.Td>
              <Table.Td>
                <Age at={snapshot.createdAt} />
              </Table.Td>
              <Table.Td>{snapshot.sizeBytes !== undefined && bytesText(snapshot.sizeBytes)}</Table.Td>
              <Table.Td>{snapshot.totalKeys}</Table.Td>
              <Table.Td>{snapshot.kubernetesVersion}</Table.Td>
              <Table.Td>
                {mayChange && !deleting.includes(snapshot.operationId) && (
                  <RowActions snapshot={snapshot} onRestore={onRestore} onDelete={onDelete} />
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function RowActions({
  snapshot,
  onRestore,
  onDelete,
}: {
  snapshot: Snapshot;
  onRestore: (snapshot: Snapshot) => void;
  onDelete: (snapshot: Snapshot) => void;
}) {
  const { name, state } = snapshot;
  return (
    <Group gap={4} justify="flex-end" wrap="nowrap">
      {state === 'completed' && (
        <Button
          size="compact-sm"
          variant="subtle"
          aria-label={text.restoreOf(name)}
          onClick={() => onRestore(snapshot)}
        >
          {text.restore}
        </Button>
      )}
      {state !== 'creating' && (
        <Button
          size="compact-sm"
          variant="subtle"
          c="var(--vcp-failed)"
          aria-label={text.deleteOf(name)}
          onClick={() => onDelete(snapshot)}
        >
          {commonText.delete}
        </Button>
      )}
    </Group>
  );
}
