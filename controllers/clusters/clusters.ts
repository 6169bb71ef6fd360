import type { RbacObject } from '../../adapters/kubernetes/rbac-objects.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { clusterCredentialSecret, platformNamespace } from '../../contracts/names.ts';
import type { Cluster, ClusterStatus } from '../../contracts/resources/cluster.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

type ClusterState = Pick<ClusterStatus, 'phase' | 'reason' | 'message'>;

/** Condition that is False while the cluster of `spec.config` is not connected (configured-clusters.ts). */
export const configConnected = 'ConfigConnected';

/** Phase of every connected cluster: initialised once gateway and worker have their credentials for it. */
export function clusters({ caches, resources }: ControllerContext): Controller {
  function stateOf({ metadata: { name }, spec, status }: Stored<Cluster>): Required<ClusterState> {
    const first = caches.clusters
      .list()
      .filter((other) => other.spec.local === true)
      .sort(byAge)[0];
    if (spec.local === true && first !== undefined && first.metadata.name !== name) {
      const message = `The platform's own cluster is already "${first.metadata.name}"; there can be only one`;
      return { phase: 'Failed', reason: 'LocalClient', message };
    }
    const missing = (['gateway', 'worker'] as const)
      .map((process) => clusterCredentialSecret(name, process))
      .filter((secret) => caches.platformSecrets.get(`${platformNamespace}/${secret}`) === undefined);
    if (missing.length === 0) return { phase: 'Initialized', reason: '', message: '' };
    const obstacle = status?.conditions?.find(({ type }) => type === configConnected);
    if (obstacle !== undefined)
      return { phase: 'Failed', reason: obstacle.reason ?? 'Failed', message: obstacle.message ?? '' };
    const message = `Waiting for its credentials: Secret ${missing.join(' and ')} in namespace ${platformNamespace}`;
    return { phase: '', reason: 'InitializeCluster', message };
  }

  return {
    name: 'clusters',
    async reconcile(name) {
      const cluster = caches.clusters.get(name);
      if (cluster === undefined) return undefined;
      const state = stateOf(cluster);
      const { phase = '', reason = '', message = '' } = cluster.status ?? {};
      const isSame = phase === state.phase && reason === state.reason && message === state.message;
      if (!isSame) await resources.clusters.patchStatus({ name }, state);
      return resync;
    },
    watch(add) {
      const addAll = () => {
        for (const { metadata } of caches.clusters.list()) add(metadata.name);
      };
      caches.clusters.onChange(addAll);
      caches.platformSecrets.onChange(addAll);
    },
  };
}

/** Lets gateway and worker read their credentials of the connected clusters there are, by name. */
export function clusterCredentials({ caches, rbac }: ControllerContext): Controller {
  const owner = 'clusters';
  return {
    name: 'cluster-credentials',
    async reconcile() {
      const names = caches.clusters
        .list()
        .map(({ metadata }) => metadata.name)
        .sort();
      await rbac.sync(owner, [credentialRole('gateway', names), credentialRole('worker', names)]);
      return resync;
    },
    watch(add) {
      add(owner);
      caches.clusters.onChange(() => add(owner));
      rbac.onChange((changed) => {
        if (changed === owner) add(owner);
      });
    },
  };
}

/** Bound in deploy/management/rbac-gateway.yaml and rbac-worker.yaml. */
function credentialRole(process: 'gateway' | 'worker', clusterNames: readonly string[]): RbacObject {
  const resourceNames = clusterNames.map((name) => clusterCredentialSecret(name, process));
  const rule = { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames };
  return {
    kind: 'Role',
    name: `vcluster-platform:cluster-credentials-${process}`,
    namespace: platformNamespace,
    rules: resourceNames.length === 0 ? [] : [rule],
  };
}

function byAge(a: Stored<Cluster>, b: Stored<Cluster>): number {
  const [left, right] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp} ${metadata.name}`) as [
    string,
    string,
  ];
  return left < right ? -1 : 1;
}
