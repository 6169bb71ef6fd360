import type { ReactNode } from 'react';
import { annotations } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { clustersText as text } from '../text/clusters.ts';
import { Age } from './age.tsx';
import { firstSentence, type Mark, StateBadge } from './state-badge.tsx';

/** Why a cluster is not online although nothing failed in it: its agent is away. */
const awayReasons: readonly string[] = ['Offline', 'NoOnlinePeers'];

/** Whether the platform reaches it and it is set up. */
export function isOnline({ status }: Cluster): boolean {
  return status?.phase === 'Initialized' && status.online === true;
}

/** Whether it has as many instances as it may have. */
export function isFull({ spec: { maxInstances }, status }: Cluster): boolean {
  return maxInstances !== undefined && (status?.tenants ?? 0) >= maxInstances;
}

/** The state of a connected cluster, with the time since when it is not there. */
export function ClusterStateBadge({ cluster }: { cluster: Cluster }) {
  const [mark, words] = stateOf(cluster);
  return <StateBadge mark={mark}>{words}</StateBadge>;
}

function stateOf(cluster: Cluster): [Mark, ReactNode] {
  const { metadata, spec, status } = cluster;
  if (metadata.deletionTimestamp !== undefined) return ['busy', `${text.deleting} …`];
  if (metadata.annotations?.[annotations.disconnecting] !== undefined)
    return ['busy', `${text.disconnecting} …`];
  if (isOnline(cluster)) {
    const more = spec.unusable === true ? text.closed : isFull(cluster) ? text.full : undefined;
    return ['good', more === undefined ? text.online : `${text.online} · ${more}`];
  }
  if (status === undefined) return ['unknown', text.unknown];
  if (status.phase === 'Failed') return failedState(cluster);
  return ['waiting', text.settingUp];
}

function failedState({ status: { reason = '', message, lastSeen } = {} }: Cluster): [Mark, ReactNode] {
  if (!awayReasons.includes(reason)) return ['failed', text.failed(firstSentence(message) || reason)];
  if (!lastSeen) return ['offline', reason === 'Offline' ? text.offline : text.neverConnected];
  return [
    'offline',
    <>
      {text.offline}, {text.lastSeen} <Age at={lastSeen} />
    </>,
  ];
}
