import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Client } from '../connection/client.ts';
import type { Column } from '../output/output.ts';
import { conditionColumns, eventColumns, type Field, fields, section, table, timeText } from './describe.ts';
import { type KubernetesEvent, readEventsAbout } from './facts.ts';
import { onlineOf, readyNodesOf, resourcePath } from './resources.ts';

/** Everything about a connected cluster, as `kubectl describe` tells it. @throws CommandFailure */
export async function describeCluster(client: Client, name: string): Promise<string> {
  const [cluster, events] = await Promise.all([
    client.call<Cluster>('GET', resourcePath('clusters', name)),
    readEventsAbout(client, 'Cluster', name),
  ]);
  return textOf(cluster, events, Date.now());
}

function textOf(
  { metadata, spec, status = {} }: Cluster,
  events: readonly KubernetesEvent[] | undefined,
  now: number,
): string {
  const { apiLatencyMs } = status;
  const facts: Field[] = [
    ['Name', metadata.name],
    ['Display name', spec.displayName],
    ['Description', spec.description],
    ['Connected by', wayOf(spec)],
    ['Namespace', spec.managementNamespace],
    ['Status', status.phase || 'Initializing'],
    ['Reason', status.reason],
    ['Message', status.message],
    ['Placement', spec.unusable === true ? 'no new tenant clusters (unusable)' : undefined],
    ['Online', onlineOf(status)],
    ['Last seen', timeText(status.lastSeen, now)],
    ['Kubernetes', status.kubernetesVersion],
    ['Agent', status.agentVersion],
    ['Nodes ready', readyNodesOf(status)],
    ['API latency', apiLatencyMs === undefined ? undefined : `${apiLatencyMs} ms`],
    ['Tenants', tenantsOf(spec, status)],
    ['Created', timeText(metadata.creationTimestamp, now)],
    ['Deleted', timeText(metadata.deletionTimestamp, now)],
    ['UID', metadata.uid],
  ];
  return [
    ...fields(facts),
    ...section('Conditions', table(status.conditions ?? [], conditionColumns(now))),
    ...section('Unclaimed namespaces', table(status.unclaimedNamespaces ?? [], unclaimedColumns)),
    ...section(
      'Events',
      events === undefined ? ['  (you may not see them)'] : table(events, eventColumns(now)),
    ),
  ].join('\n');
}

function tenantsOf({ maxInstances }: Cluster['spec'], { tenants }: NonNullable<Cluster['status']>) {
  if (maxInstances === undefined) return tenants?.toString();
  return `${tenants ?? 0} of at most ${maxInstances}`;
}

function wayOf({ local, networkPeer }: Cluster['spec']): string {
  if (local === true) return 'the platform itself';
  return networkPeer === true ? 'its agent' : 'a kubeconfig (spec.config)';
}

const unclaimedColumns: Column<NonNullable<NonNullable<Cluster['status']>['unclaimedNamespaces']>[number]>[] =
  [
    ['NAMESPACE', ({ name }) => name],
    ['KIND', ({ kind }) => kind],
    ['PROJECT', ({ project }) => project ?? ''],
    ['NAME', ({ subject }) => subject ?? ''],
  ];
