import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { syncSpaceRbac } from '../../adapters/space-rbac.ts';
import { bindableSpaceRoles, projectOfNamespace } from '../../contracts/names.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { SpaceRef } from '../../contracts/instance-ref.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { spaceGrants } from '../../domain/space-grants.ts';
import { isProvisioned } from '../../domain/desired-state.ts';
import { knownPlace } from '../../domain/known-place.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { accessProblem, onlyRefused, type Problem, setConditions } from '../instances/instance-conditions.ts';

/** How soon changes of our bindings by users of the space are repaired. */
const repairMs = 15_000;
const conditionType = 'AccessGranted';

/** RBAC in the namespace of every space, reconciled with owners, members, access and access rules; asleep or awake. */
export function spaceAccess(context: ControllerContext): Controller {
  const { caches, spaces } = context;
  const synced = new Map<string, { hash: string; at: number }>();

  return {
    name: 'space-access',
    concurrency: 16,
    groupOf: (key) => knownPlace(caches.spaceinstances.get(key) ?? {}).cluster ?? '',
    async reconcile(key) {
      const space = caches.spaceinstances.get(key);
      const place = space === undefined ? undefined : placeOf(key, space);
      if (space === undefined || place === undefined) {
        synced.delete(key);
        return undefined;
      }
      const { grants, refused } = spaceGrants(space, caches.projects.get(place.project));
      const hash = contentHash([space.metadata.uid, place.hostNamespace, [...grants]]);
      const last = synced.get(key);
      const remainingMs =
        last === undefined || last.hash !== hash ? 0 : last.at + repairMs - performance.now();
      if (remainingMs <= 0) {
        synced.delete(key);
        const host = await spaces.find(place);
        if (host === undefined) {
          await setConditions(context, 'space', space, { [conditionType]: notOurs(place) });
          return { requeueAfterMs: repairMs };
        }
        const refusal = await syncSpaceRbac(host, grants).then(() => undefined, onlyRefused);
        if (refusal !== undefined) {
          await setConditions(context, 'space', space, { [conditionType]: accessProblem(refusal) });
          return { requeueAfterMs: repairMs };
        }
        synced.set(key, { hash, at: performance.now() });
      }
      const problem = refused.length === 0 ? undefined : notAllowed(refused);
      await setConditions(context, 'space', space, { [conditionType]: problem });
      return { requeueAfterMs: remainingMs > 0 ? remainingMs : repairMs };
    },
    watch(add) {
      caches.spaceinstances.onChange(add);
      caches.projects.onChange((name) => {
        for (const { metadata } of caches.spaceinstances.list())
          if (projectOfNamespace(metadata.namespace ?? '') === name) add(objectKey(metadata));
      });
    },
  };
}

function notAllowed(refused: readonly string[]): Problem {
  return {
    severity: 'Warning',
    reason: 'RoleNotAllowed',
    message: `Access rules of spaces can grant the roles ${bindableSpaceRoles.join(', ')}; not granted: ${refused.join(', ')}`,
  };
}

function notOurs({ cluster, hostNamespace }: SpaceRef): Problem {
  return {
    severity: 'Warning',
    reason: 'NamespaceNotOurs',
    message: `Namespace ${hostNamespace} of cluster ${cluster} is missing or belongs to something else: no roles are bound there`,
  };
}

/** Where the namespace is, once it was made; a space that is being deleted needs nothing. */
function placeOf(key: string, space: Stored<SpaceInstance>): SpaceRef | undefined {
  const { name, uid } = space.metadata;
  const project = projectOfNamespace(fromObjectKey(key).namespace ?? '');
  const { cluster, namespace } = knownPlace(space);
  if (project === undefined || !cluster || !namespace || !isProvisioned(space)) return undefined;
  if (space.metadata.deletionTimestamp !== undefined) return undefined;
  return { kind: 'space', project, name, uid, cluster, hostNamespace: namespace };
}
