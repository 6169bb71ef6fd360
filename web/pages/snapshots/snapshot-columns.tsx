import { Text, Tooltip } from '@mantine/core';
import type { Snapshot } from '../../../contracts/operations.ts';
import { Age } from '../../components/age.tsx';
import type { Column } from '../../components/data-table.tsx';
import { PageLink } from '../../components/links.tsx';
import { type Mark, StateBadge } from '../../components/state-badge.tsx';
import { bytesText, exactTime } from '../../components/time.ts';
import { snapshotsText as text } from '../../text/snapshots.ts';
import { RestoreButton } from './restore-button.tsx';

const marks: Readonly<Record<Snapshot['state'], Mark>> = {
  creating: 'busy',
  completed: 'done',
  failed: 'failed',
};
const { columns: titles } = text;

/** Columns of the list of snapshots. */
export const snapshotColumns: readonly Column<Snapshot>[] = [
  {
    key: 'name',
    title: titles.name,
    sort: 'name',
    width: '20%',
    cell: ({ name }) => (
      <Text inherit fw={500} truncate title={name}>
        {name}
      </Text>
    ),
  },
  {
    key: 'tenantCluster',
    title: titles.tenantCluster,
    sort: 'tenantCluster',
    width: '20%',
    cell: (snapshot) => <TenantCluster snapshot={snapshot} />,
  },
  {
    key: 'project',
    title: titles.project,
    sort: 'project',
    cell: ({ project }) => (
      <PageLink to="/projects/$project" params={{ project }}>
        {project}
      </PageLink>
    ),
  },
  {
    key: 'state',
    title: titles.state,
    width: 140,
    cell: ({ state, operationId }) => (
      <PageLink to="/operations/$id" params={{ id: operationId }}>
        <StateBadge mark={marks[state]}>{text.states[state]}</StateBadge>
      </PageLink>
    ),
  },
  {
    key: 'size',
    title: titles.size,
    sort: 'size',
    width: 100,
    align: 'right',
    cell: ({ sizeBytes }) => (sizeBytes === undefined ? '–' : bytesText(sizeBytes)),
  },
  {
    key: 'kubernetes',
    title: titles.kubernetes,
    width: 120,
    cell: ({ kubernetesVersion = '–' }) => kubernetesVersion,
  },
  {
    key: 'age',
    title: titles.age,
    sort: 'createdAt',
    width: 120,
    cell: ({ createdAt }) => <Age at={createdAt} />,
  },
  {
    key: 'actions',
    title: titles.actions,
    width: 100,
    align: 'right',
    cell: (snapshot) => snapshot.state === 'completed' && <RestoreButton snapshot={snapshot} />,
  },
];

/** Where there is little room: what, of what, when, and what one can do. */
export const narrowColumns: readonly Column<Snapshot>[] = [
  {
    key: 'name',
    title: titles.name,
    sort: 'name',
    cell: (snapshot) => (
      <>
        <Text inherit fw={500} truncate title={snapshot.name}>
          {snapshot.name}
        </Text>
        <Text size="xs" truncate component="div">
          <TenantCluster snapshot={snapshot} />
        </Text>
      </>
    ),
  },
  {
    key: 'age',
    title: titles.age,
    sort: 'createdAt',
    width: 110,
    cell: ({ createdAt }) => <Age at={createdAt} />,
  },
  {
    key: 'actions',
    title: titles.actions,
    width: 90,
    align: 'right',
    cell: (snapshot) => snapshot.state === 'completed' && <RestoreButton snapshot={snapshot} />,
  },
];

/** What it is of; one that was deleted has no page of its own any more. */
function TenantCluster({ snapshot: { project, tenantCluster, goneAt } }: { snapshot: Snapshot }) {
  if (goneAt === undefined)
    return (
      <PageLink
        to="/projects/$project/tenant-clusters/$name"
        params={{ project, name: tenantCluster }}
        style={{ overflowWrap: 'anywhere' }}
      >
        {tenantCluster}
      </PageLink>
    );
  return (
    <Tooltip label={`${text.goneSince}: ${exactTime(Date.parse(goneAt))}`}>
      <Text span inherit c="dimmed">
        {tenantCluster} · {text.gone} <Age at={goneAt} />
      </Text>
    </Tooltip>
  );
}
