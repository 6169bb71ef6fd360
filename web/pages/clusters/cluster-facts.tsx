import { Code, Group, Stack, Text, Title } from '@mantine/core';
import { platformNamespace } from '../../../contracts/names.ts';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import { Age } from '../../components/age.tsx';
import { isOnline } from '../../components/cluster-state.tsx';
import { troubledConditions, TroubledConditions } from '../../components/conditions.tsx';
import { Facts } from '../../components/facts.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { clustersText as text } from '../../text/clusters.ts';
import { commonText } from '../../text/common.ts';

/** What is known of a connected cluster; of one that is offline in grey. */
export function ClusterFacts({ cluster }: { cluster: Cluster }) {
  const { metadata, spec, status = {} } = cluster;
  return (
    <Stack gap="xs" component="section" aria-labelledby="cluster-facts">
      <Title order={2} id="cluster-facts">
        {text.facts}
      </Title>
      {!isOnline(cluster) && status.lastSeen !== undefined && (
        <Text size="sm" c="dimmed">
          {text.lastKnown}
        </Text>
      )}
      <Facts
        facts={[
          [text.displayName, spec.displayName],
          [text.description, spec.description],
          [text.connectedBy, waySentence(cluster)],
          [text.columns.kubernetes, status.kubernetesVersion],
          [text.columns.agent, status.agentVersion],
          [text.columns.nodes, status.nodes && text.nodes(status.nodes)],
          [text.columns.tenants, text.tenants(status.tenants ?? 0, spec.maxInstances)],
          [text.placement, placementSentence(cluster)],
          [
            text.apiLatency,
            status.apiLatencyMs === undefined ? undefined : text.milliseconds(status.apiLatencyMs),
          ],
          [
            text.platformLatency,
            status.platformLatencyMs === undefined ? undefined : text.milliseconds(status.platformLatencyMs),
          ],
          [text.labels, labelsOf(cluster)],
          [commonText.age, <Age key="age" at={metadata.creationTimestamp} />],
        ]}
      />
    </Stack>
  );
}

function waySentence({ spec }: Cluster): string {
  if (spec.local === true) return text.byPlatform;
  if (spec.networkPeer === true) return text.byAgent(spec.managementNamespace || platformNamespace);
  return text.byKubeconfig;
}

function placementSentence({ spec: { unusable, maxInstances } }: Cluster): string {
  if (unusable === true) return text.placesNothing;
  return maxInstances === undefined ? text.placesAny : text.placesUpTo(maxInstances);
}

function labelsOf({ metadata: { labels = {} } }: Cluster) {
  const all = Object.entries(labels);
  if (all.length === 0) return undefined;
  return (
    <Group gap={4}>
      {all.map(([name, value]) => (
        <Code key={name}>{value === '' ? name : `${name}: ${value}`}</Code>
      ))}
    </Group>
  );
}

/** How it is doing, in words. */
export function ClusterHealth({ cluster }: { cluster: Cluster }) {
  const { status } = cluster;
  // What its state says is said once.
  const troubles = troubledConditions(status?.conditions).filter(
    ({ message = '' }) => message !== (status?.message ?? ''),
  );
  return (
    <Stack gap="xs" component="section" aria-labelledby="cluster-health" fz="sm">
      <Title order={2} id="cluster-health">
        {text.health}
      </Title>
      {status?.message !== undefined && status.message !== '' && !isOnline(cluster) && (
        <StateBadge mark={status.phase === 'Failed' ? 'failed' : 'busy'}>{status.message}</StateBadge>
      )}
      {isOnline(cluster) && troubles.length === 0 && <StateBadge mark="good">{text.healthy}</StateBadge>}
      <TroubledConditions conditions={troubles} />
    </Stack>
  );
}
