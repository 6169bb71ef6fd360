import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import { Age } from '../../components/age.tsx';
import { ClusterStateBadge } from '../../components/cluster-state.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { PageLink } from '../../components/links.tsx';
import { Empty, Loaded, PageHead } from '../../components/page-states.tsx';
import { objectsQuery } from '../../server/objects.ts';
import { mayQuery } from '../../server/permissions.ts';
import { clustersText as text } from '../../text/clusters.ts';
import { commonText } from '../../text/common.ts';
import { ConnectDialog } from './connect-dialog.tsx';

/** The connected clusters that the caller may see. */
export default function ClustersPage() {
  const clusters = useQuery(objectsQuery('clusters'));
  const mayConnect = useQuery(mayQuery({ verb: 'create', resource: 'clusters' })).data === true;
  const [isOpen, { open, close }] = useDisclosure(false);
  const connect = mayConnect ? <Button onClick={open}>{text.connect}</Button> : undefined;
  return (
    <>
      <PageHead title={text.title}>{connect}</PageHead>
      <Loaded query={clusters}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={text.emptyTitle} action={connect}>
              {mayConnect ? text.emptyWhy : text.emptyForOthers}
            </Empty>
          ) : (
            <DataTable
              label={text.title}
              columns={columns}
              rows={byName(all)}
              rowKey={({ metadata }) => metadata.name}
            />
          )
        }
      </Loaded>
      {isOpen && <ConnectDialog onClose={close} />}
    </>
  );
}

function byName(clusters: readonly Cluster[]): Cluster[] {
  return clusters.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

const columns: readonly Column<Cluster>[] = [
  {
    key: 'name',
    title: text.columns.name,
    cell: ({ metadata: { name }, spec: { displayName } }) => (
      <>
        <PageLink to="/clusters/$name" params={{ name }} fw={500}>
          {name}
        </PageLink>
        {displayName !== undefined && displayName !== '' && displayName !== name && (
          <Text size="xs" c="dimmed">
            {displayName}
          </Text>
        )}
      </>
    ),
  },
  { key: 'state', title: text.columns.state, cell: (cluster) => <ClusterStateBadge cluster={cluster} /> },
  {
    key: 'kubernetes',
    title: text.columns.kubernetes,
    cell: ({ status }) => status?.kubernetesVersion ?? '–',
  },
  {
    key: 'agent',
    title: text.columns.agent,
    cell: ({ spec, status }) => status?.agentVersion ?? (spec.networkPeer === true ? '–' : text.noAgent),
  },
  {
    key: 'nodes',
    title: text.columns.nodes,
    align: 'right',
    cell: ({ status }) => (status?.nodes === undefined ? '–' : text.nodes(status.nodes)),
  },
  {
    key: 'tenants',
    title: text.columns.tenants,
    align: 'right',
    cell: ({ spec, status }) => text.tenants(status?.tenants ?? 0, spec.maxInstances),
  },
  {
    key: 'latency',
    title: text.columns.latency,
    align: 'right',
    cell: ({ status }) =>
      status?.platformLatencyMs === undefined ? '–' : text.milliseconds(status.platformLatencyMs),
  },
  {
    key: 'age',
    title: commonText.age,
    align: 'right',
    cell: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
  },
];
