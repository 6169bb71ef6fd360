import type { Operation } from '../../contracts/operations.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import type { Column } from '../output/output.ts';
import {
  conditionColumns,
  eventColumns,
  type Field,
  fields,
  operationColumns,
  section,
  table,
  timeText,
} from './describe.ts';
import { type KubernetesEvent, operationsShown, readEventsAbout } from './facts.ts';
import { onlineOf, readyNodesOf, resourcePath } from './resources.ts';

/** Everything about a connected cluster, as `kubectl describe` tells it. @throws CommandFailure */
export async function describeCluster(client: Client, name: string): Promise<string> {
  const [cluster, operations, events] = await Promise.all([
    client.call<Cluster>('GET', resourcePath('clusters', name)),
    readOperations(client, name),
    readEventsAbout(client, 'Cluster', name),
  ]);
  return textOf(cluster, operations, events, Date.now());
}

/** Undefined: the caller may not see them. */
async function readOperations(client: Client, name: string): Promise<readonly Operation[] | undefined> {
  try {
    const query = { limit: String(operationsShown) };
    return (await client.api.listClusterOperations({ params: { name }, query })).items;
  } catch (error) {
    // The resource's own answer says it better.
    if (error instanceof CommandFailure && error.code === 'cluster_not_found') return [];
    if (error instanceof CommandFailure && error.code === 'forbidden') return undefined;
    throw error;
  }
}

function textOf(
  { metadata, spec, status = {} }: Cluster,
  operations: readonly Operation[] | undefined,
  events: readonly KubernetesEvent[] | undefined,
  now: number,
): string {
  const { apiLatencyMs, platformLatencyMs } = status;
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
    ['API latency', latencyText(apiLatencyMs)],
    ['From the platform', latencyText(platformLatencyMs)],
    ['Tenants', tenantsOf(spec, status)],
    ['Created', timeText(metadata.creationTimestamp, now)],
    ['Deleted', timeText(metadata.deletionTimestamp, now)],
    ['UID', metadata.uid],
  ];
  return [
    ...fields(facts),
    ...section('Conditions', table(status.conditions ?? [], conditionColumns(now))),
    ...section(
      'Operations',
      operations === undefined ? ['  (you may not see them)'] : table(operations, operationColumns(now)),
    ),
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

function latencyText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${ms} ms`;
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
