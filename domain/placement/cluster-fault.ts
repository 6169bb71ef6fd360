import { annotations } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { LabelSelector } from '../../contracts/resources/label-selector.ts';
import { unansweredReason } from '../status/cluster-status.ts';
import { unmetRequirement } from './label-selector.ts';

/** Why something may not be placed in a connected cluster. */
export interface ClusterFault {
  readonly cluster: string;
  /**
   * `away`: its agent is, and will be back; `unready`: it is not initialised or does not answer, which may pass; `full`: it
   * has as many instances as it may have; `lasting`: somebody has to change something.
   */
  readonly kind: 'away' | 'unready' | 'full' | 'lasting';
  /** The end of a sentence that begins with the cluster. */
  readonly text: string;
}

/** Labels that a cluster must have. */
export interface Demand {
  readonly selector: LabelSelector;
  /** Who asks for them, for people. */
  readonly source: string;
}

/** @param instances how many are placed in `cluster` already */
export function faultOf(
  cluster: Cluster,
  demands: readonly Demand[],
  instances: number,
): ClusterFault | undefined {
  const { name, labels } = cluster.metadata;
  const { unusable, maxInstances = Number.POSITIVE_INFINITY } = cluster.spec;
  const fault = (kind: ClusterFault['kind'], text: string): ClusterFault => ({ cluster: name, kind, text });
  const isDisconnected = cluster.metadata.annotations?.[annotations.disconnecting] !== undefined;
  if (isDisconnected || cluster.metadata.deletionTimestamp !== undefined)
    return fault('lasting', 'is being disconnected');
  if (unusable === true) return fault('lasting', 'is marked unusable');
  for (const { selector, source } of demands) {
    const unmet = unmetRequirement(selector, labels);
    if (unmet !== undefined) return fault('lasting', `does not match "${unmet}" (${source})`);
  }
  const connection = connectionFault(cluster);
  if (connection !== undefined) return fault(connection.kind, connection.text);
  return instances < maxInstances
    ? undefined
    : fault('full', `is full: it has ${instances} of at most ${maxInstances} tenant clusters and spaces`);
}

function connectionFault(cluster: Cluster): Pick<ClusterFault, 'kind' | 'text'> | undefined {
  const { phase, reason, online, message, lastSeen } = cluster.status ?? {};
  const wasThere = phase === 'Initialized' || reason === 'Offline' || reason === 'NoOnlinePeers';
  if (wasThere && online === false) {
    const text = lastSeen === undefined ? 'is offline' : `has been offline since ${lastSeen}`;
    return { kind: hasAgent(cluster) ? 'away' : 'unready', text };
  }
  if (reason === unansweredReason) return { kind: 'unready', text: `does not answer: ${message}` };
  if (phase === 'Failed') return { kind: 'lasting', text: `has failed${message ? `: ${message}` : ''}` };
  return phase === 'Initialized' ? undefined : { kind: 'unready', text: 'is not initialised yet' };
}

/** The embedded cluster may do without one. */
function hasAgent({ spec, status }: Cluster): boolean {
  return spec.networkPeer === true || (spec.local === true && status?.agentVersion !== undefined);
}
