import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Project } from '../../contracts/resources/project.ts';

/** The connected cluster for a tenant cluster or space, or why there is none. */
export type Placement =
  | { readonly cluster: string }
  | {
      /** `cluster_unreachable` may pass by itself, the others do not. */
      readonly reason: 'cluster_not_found' | 'forbidden' | 'conflict' | 'cluster_unreachable';
      readonly message: string;
    };

export interface PlacementQuestion {
  readonly project: Project;
  readonly clusters: readonly Cluster[];
  /** Where it is already, or else `spec.clusterRef.cluster`, if set. */
  readonly wanted?: string | undefined;
  /** Tenant clusters or spaces that a connected cluster hosts already; the least loaded is chosen. */
  readonly load?: (cluster: string) => number;
}

/**
 * Chooses a connected cluster: one the project allows (`allowedClusters`; without the list all, `*` all), not
 * marked unusable, initialised and not known to be offline; of these the least loaded,
 * then the first by name. A wanted cluster is only checked.
 */
export function placeTenant({ project, clusters, wanted, load = () => 0 }: PlacementQuestion): Placement {
  const projectName = project.metadata.name;
  if (wanted) {
    // Before looking whether there is one: the error must not reveal it.
    if (!isClusterAllowed(project, wanted)) {
      return {
        reason: 'forbidden',
        message: `project "${projectName}" does not allow cluster "${wanted}" (spec.allowedClusters)`,
      };
    }
    const cluster = clusters.find((candidate) => candidate.metadata.name === wanted);
    if (cluster === undefined)
      return { reason: 'cluster_not_found', message: `connected cluster "${wanted}" not found` };
    const fault = faultOf(cluster);
    return fault === undefined
      ? { cluster: wanted }
      : { reason: fault.reason, message: `cluster "${wanted}" ${fault.text}` };
  }
  const allowed = clusters.filter(({ metadata }) => isClusterAllowed(project, metadata.name));
  if (allowed.length === 0) {
    return {
      reason: 'cluster_not_found',
      message: `project "${projectName}" allows none of the connected clusters (spec.allowedClusters)`,
    };
  }
  const [first] = allowed
    .filter((cluster) => faultOf(cluster) === undefined)
    .map(({ metadata: { name } }) => ({ name, load: load(name) }))
    .sort((a, b) => a.load - b.load || (a.name < b.name ? -1 : 1));
  if (first !== undefined) return { cluster: first.name };
  const faults = allowed.flatMap((cluster) => faultOf(cluster) ?? []);
  const waits = faults.some(({ reason }) => reason === 'cluster_unreachable');
  return {
    reason: waits ? 'cluster_unreachable' : 'conflict',
    message: `no connected cluster accepts new tenant clusters or spaces at the moment: ${faults.map(({ name, text }) => `"${name}" ${text}`).join('; ')}`,
  };
}

/** Whether `project` allows the connected cluster; without a list all are allowed, `*` means all. */
export function isClusterAllowed(project: Project, cluster: string): boolean {
  const allowed = project.spec?.allowedClusters;
  return allowed === undefined || allowed.some(({ name }) => name === '*' || name === cluster);
}

interface Fault {
  readonly name: string;
  readonly reason: 'conflict' | 'cluster_unreachable';
  /** The end of a sentence that begins with the cluster. */
  readonly text: string;
}

/** Why nothing new may be placed in `cluster`. */
function faultOf(cluster: Cluster): Fault | undefined {
  const { name } = cluster.metadata;
  const { phase, reason, online, message, lastSeen } = cluster.status ?? {};
  const lasting = (text: string): Fault => ({ name, reason: 'conflict', text });
  const passing = (text: string): Fault => ({ name, reason: 'cluster_unreachable', text });
  if (cluster.metadata.deletionTimestamp !== undefined) return lasting('is being disconnected');
  if (cluster.spec.unusable === true) return lasting('is marked unusable');
  const isInitialized = phase === 'Initialized' || reason === 'Offline' || reason === 'NoOnlinePeers';
  if (isInitialized && online === false)
    return passing(lastSeen === undefined ? 'is offline' : `has been offline since ${lastSeen}`);
  if (phase === 'Failed') return lasting(`has failed${message ? `: ${message}` : ''}`);
  return phase === 'Initialized' ? undefined : passing('is not initialised yet');
}
