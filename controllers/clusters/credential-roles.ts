import type { RbacObject } from '../../adapters/kubernetes/rbac-objects.ts';
import { clusterCredentialSecret, platformNamespace } from '../../contracts/names.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

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
