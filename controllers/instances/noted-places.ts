import { fromObjectKey } from '../../adapters/kubernetes/informer.ts';
import { instanceResources } from '../../adapters/kubernetes/resources.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { isProvisioned } from '../../domain/lifecycle/desired-state.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import { instanceCache } from '../caches.ts';
import type { Controller, ControllerContext } from '../controller.ts';

/**
 * Earlier versions noted in the spec where they had placed an instance. Notes it in the status, from when on manifests
 * may leave it out. What a spec asks for is not taken for a place: only of those that were created.
 */
export function notedPlaces(kind: ManagedKind, { caches, resources }: ControllerContext): Controller {
  const cache = instanceCache(caches, kind);
  return {
    name: `${kindNames[kind].role}-places`,
    async reconcile(key) {
      const instance = cache.get(key);
      if (instance === undefined || !isProvisioned(instance)) return undefined;
      const noted = instance.status?.clusterRef;
      const { cluster, namespace } = descriptorOf(kind).deployedPlace(instance) ?? knownPlace(instance);
      if (noted?.namespace || cluster === undefined || namespace === undefined) return undefined;
      const status = { clusterRef: { cluster, namespace } };
      const { resourceVersion } = instance.metadata;
      await instanceResources(resources, kind).patchStatus(fromObjectKey(key), status, resourceVersion);
      return undefined;
    },
    watch: (add) => cache.onChange(add),
  };
}
