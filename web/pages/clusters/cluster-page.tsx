import { Button, Grid, Group, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import { useIsAdministrator } from '../../components/use-is-administrator.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { ClusterStateBadge } from '../../components/cluster-state.tsx';
import { InstanceRows } from '../../instances/table/instance-rows.tsx';
import { PageLink } from '../../components/links.tsx';
import { OperationList } from '../../components/operation-list.tsx';
import { Empty, Loaded, PageHead } from '../../components/page-states.tsx';
import { objectQuery } from '../../server/objects.ts';
import { mayQuery } from '../../server/permissions.ts';
import { clustersText as text } from '../../text/clusters.ts';
import { commonText } from '../../text/common.ts';
import { ClusterFacts, ClusterHealth } from './cluster-facts.tsx';
import { DisconnectDialog } from './disconnect-dialog.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { UnclaimedNamespaces } from './unclaimed-namespaces.tsx';
import { UpgradeDialog } from './upgrade-dialog.tsx';

/** One connected cluster: how it is doing, and what is there. */
export default function ClusterPage() {
  const { name = '' } = useParams({ strict: false });
  const cluster = useQuery(objectQuery('clusters', { name }));
  return (
    <>
      <PageHead
        title={name}
        back={
          <PageLink to="/clusters" fz="sm">
            {text.all}
          </PageLink>
        }
      >
        {cluster.data !== undefined && cluster.error === null && <Actions cluster={cluster.data} />}
      </PageHead>
      <Loaded query={cluster}>
        {(found) => (
          <>
            <Group mb="lg">
              <ClusterStateBadge cluster={found} />
            </Group>
            <Grid gap="xl" mb="xl">
              <Grid.Col span={{ base: 12, md: 6 }}>
                <ClusterFacts cluster={found} />
              </Grid.Col>
              <Grid.Col span={{ base: 12, md: 6 }}>
                <ClusterHealth cluster={found} />
              </Grid.Col>
            </Grid>
            <Parts name={name} />
          </>
        )}
      </Loaded>
    </>
  );
}

type DialogName = 'edit' | 'upgrade' | 'disconnect';

function Actions({ cluster }: { cluster: Cluster }) {
  const { name } = cluster.metadata;
  const [dialog, setDialog] = useState<DialogName>();
  const close = () => setDialog(undefined);
  const mayUpdate = useQuery(mayQuery({ verb: 'update', resource: 'clusters', name })).data === true;
  const mayDelete = useQuery(mayQuery({ verb: 'delete', resource: 'clusters', name })).data === true;
  return (
    <>
      {mayUpdate && (
        <Button variant="default" onClick={() => setDialog('edit')}>
          {commonText.edit}
        </Button>
      )}
      {mayUpdate && cluster.spec.networkPeer === true && cluster.status?.agentVersion !== undefined && (
        <Button variant="default" onClick={() => setDialog('upgrade')}>
          {text.upgrade.action}
        </Button>
      )}
      {mayDelete && cluster.spec.local !== true && (
        <Button variant="default" c="var(--vcp-failed)" onClick={() => setDialog('disconnect')}>
          {text.disconnect.action}
        </Button>
      )}
      {dialog === 'edit' && <EditDialog cluster={cluster} onClose={close} />}
      {dialog === 'upgrade' && <UpgradeDialog name={name} onClose={close} />}
      {dialog === 'disconnect' && <DisconnectDialog cluster={cluster} onClose={close} />}
    </>
  );
}

/** In a list of what is in one cluster, the cluster goes without saying. */
const shown = ['state', 'template', 'activity', 'owner', 'age'] as const;

/** What is in the cluster, and what was done to it. */
function Parts({ name }: { name: string }) {
  const [{ tab = 'tenant-clusters' }, change] = usePageSearch();
  const isAdministrator = useIsAdministrator();
  return (
    <Tabs value={tab} onChange={(value) => change({ tab: value ?? undefined })} keepMounted={false}>
      <Tabs.List mb="md">
        <Tabs.Tab value="tenant-clusters">{text.tabs.tenantClusters}</Tabs.Tab>
        <Tabs.Tab value="spaces">{text.tabs.spaces}</Tabs.Tab>
        <Tabs.Tab value="operations">{text.tabs.operations}</Tabs.Tab>
        {isAdministrator && <Tabs.Tab value="unclaimed">{text.tabs.unclaimed}</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="tenant-clusters">
        <InstanceRows
          kind="tenant"
          filters={{ cluster: name }}
          shown={shown}
          empty={<Empty title={text.noTenants}>{text.noInstancesWhy}</Empty>}
        />
      </Tabs.Panel>
      <Tabs.Panel value="spaces">
        <InstanceRows
          kind="space"
          filters={{ cluster: name }}
          shown={shown}
          empty={<Empty title={text.noSpaces}>{text.noInstancesWhy}</Empty>}
        />
      </Tabs.Panel>
      <Tabs.Panel value="operations">
        <OperationList
          filters={{ kind: 'cluster', cluster: name }}
          empty={<Empty title={text.noOperations}>{text.noOperationsWhy}</Empty>}
        />
      </Tabs.Panel>
      {isAdministrator && (
        <Tabs.Panel value="unclaimed">
          <UnclaimedNamespaces cluster={name} />
        </Tabs.Panel>
      )}
    </Tabs>
  );
}
