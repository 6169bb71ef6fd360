import type { Activities } from '../../activities/index.ts';
import type { ClusterRef } from '../../contracts/cluster-ref.ts';
import { PlatformError } from '../../contracts/errors.ts';

/** A connected cluster, and its resource. */
export interface FakeConnectedCluster {
  /** The operation that it is closed to new tenants for. */
  closed?: string | undefined;
  tenants: string[];
  objects: number;
  image: string;
  isThere: boolean;
}

const names = [
  'closeCluster',
  'openCluster',
  'findClusterTenants',
  'findClusterRemains',
  'deleteClusterTenants',
  'releaseClusterTenants',
  'claimClusterObjects',
  'removeClusterObjects',
  'deleteCluster',
  'findAgentImages',
  'setAgentImage',
  'waitForAgentVersion',
] as const;
export type ClusterActivityName = (typeof names)[number];
type ClusterActivities = Pick<Activities, ClusterActivityName>;
type Act<N extends ClusterActivityName> = (
  input: Parameters<Activities[N]>[0],
  cluster: FakeConnectedCluster,
) => Awaited<ReturnType<Activities[N]>>;

/**
 * The activities of connected clusters, typed as the real ones, in memory.
 * @param entering what happens before an activity acts on the cluster called `cluster <name>`
 */
export function createFakeClusters(entering: (name: string, activity: ClusterActivityName) => Promise<void>) {
  const clusters = new Map<string, FakeConnectedCluster>();
  const clusterOf = (name: string): FakeConnectedCluster => {
    const known = clusters.get(name);
    if (known) return known;
    const made = { tenants: [], objects: 7, image: 'agent:1', isThere: true };
    clusters.set(name, made);
    return made;
  };
  const refuse = (tenants: readonly string[], deleteTenants: boolean | undefined) => {
    if (tenants.length > 0 && deleteTenants !== true)
      throw new PlatformError('conflict', `${tenants.length} live there`);
  };
  const acts: { readonly [N in ClusterActivityName]: Act<N> } = {
    closeCluster: ({ operationId }, cluster) => void (cluster.closed = operationId),
    openCluster: ({ operationId }, cluster) => {
      if (cluster.closed === operationId) cluster.closed = undefined;
    },
    findClusterTenants: ({ deleteTenants }, { tenants }) => {
      refuse(tenants, deleteTenants);
      return { tenants: tenants.length };
    },
    findClusterRemains: (_, { objects }) => ({ objects: { ClusterRole: objects }, kept: [] }),
    deleteClusterTenants: ({ deleteTenants }, cluster) => {
      refuse(cluster.tenants, deleteTenants);
      cluster.tenants = [];
    },
    releaseClusterTenants: ({ deleteTenants }, cluster) => {
      refuse(cluster.tenants, deleteTenants);
      const left = cluster.tenants.join(', ');
      cluster.tenants = [];
      return left === '' ? {} : { left };
    },
    claimClusterObjects: () => ({ kept: [] }),
    removeClusterObjects: (_, cluster) => {
      cluster.objects = 0;
      return { kept: [] };
    },
    deleteCluster: (_, cluster) => void (cluster.isThere = false),
    findAgentImages: ({ image = 'agent:2' }, cluster) => ({ former: cluster.image, image }),
    setAgentImage: ({ image }, cluster) => void (cluster.image = image),
    waitForAgentVersion: () => ({ version: '2' }),
  };
  const activities = Object.fromEntries(
    names.map((activity) => [
      activity,
      async (input: { cluster: ClusterRef }) => {
        const { name } = input.cluster;
        await entering(`cluster ${name}`, activity);
        return (acts[activity] as (input: unknown, cluster: FakeConnectedCluster) => unknown)(
          input,
          clusterOf(name),
        );
      },
    ]),
  ) as unknown as ClusterActivities;
  return { activities, clusterOf };
}
