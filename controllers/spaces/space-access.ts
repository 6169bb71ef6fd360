import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { syncSpaceRbac } from '../../adapters/space-rbac.ts';
import { bindableSpaceRoles, projectOfNamespace } from '../../contracts/names.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { SpaceRef } from '../../contracts/instance-ref.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { type SpaceGrants, spaceGrants } from '../../domain/access/space-grants.ts';
import { isNamespaceLost, isProvisioned } from '../../domain/lifecycle/desired-state.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import { templateOf } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { accessProblem, onlyRefused, type Problem, setConditions } from '../instances/instance-conditions.ts';
import { type Drift, ownerOf, uncontested } from '../drift/put-backs.ts';
import { type ChangedBinding, createBindingWatches } from './binding-watches.ts';

/** How soon changes of our bindings by users of the space are repaired where they cannot be watched. */
const repairMs = 15_000;
const conditionType = 'AccessGranted';

/** What was found at the last look, which began at `at` (performance.now()). */
interface Synced {
  readonly hash: string;
  readonly at: number;
}

/**
 * RBAC in the namespace of every space, reconciled with owners, members, access and access rules; asleep or awake. Our bindings are
 * watched, one watch for each cluster, so that spaces that do not change cost nothing.
 */
export function spaceAccess(context: ControllerContext): Controller {
  const { caches, spaces, putBacks } = context;
  const synced = new Map<string, Synced>();
  /** Keys of spaces by their namespaces, seen to be theirs. */
  const keys = new Map<string, string>();
  /** By key: the binding that somebody else changed last since the last look began; undefined: only we did. */
  const changed = new Map<string, ChangedBinding | undefined>();
  let addKey: (key: string) => void = () => undefined;
  const watches = createBindingWatches(context, (cluster, namespace, binding) => {
    const key = keys.get(`${cluster}/${namespace}`);
    if (key === undefined) return;
    const isOurs = binding.how === 'changed' && binding.by === undefined;
    // What we put back must not count as one more change of it.
    if (!isOurs) changed.set(key, binding);
    else if (!changed.has(key)) changed.set(key, undefined);
    addKey(key);
  });

  function forget(key: string): void {
    synced.delete(key);
    changed.delete(key);
    for (const [place, other] of keys) if (other === key) keys.delete(place);
  }

  /** When a look at `at` is to be repeated: as seldom as everything, if the watch tells what changes. */
  async function nextLookAt({ cluster }: SpaceRef, at: number): Promise<number> {
    const since = await watches.followedSince(cluster);
    return at + (since !== undefined && since <= at ? resync.requeueAfterMs : repairMs);
  }

  /**
   * @param drift what somebody has changed of what was bound before; undefined: something else is wanted now
   * @returns why the roles are not bound; undefined: they are
   */
  async function bind(
    key: string,
    place: SpaceRef,
    grants: SpaceGrants['grants'],
    { space, drift }: { readonly space: Stored<SpaceInstance>; readonly drift: Drift | undefined },
  ): Promise<Problem | undefined> {
    changed.delete(key);
    const host = await spaces.find(place);
    if (host === undefined) return notOurs(place);
    keys.set(`${place.cluster}/${place.hostNamespace}`, key);
    try {
      const written = await syncSpaceRbac(host, grants);
      if (written && drift !== undefined) await putBacks.note(ownerOf('space', space, place.cluster), drift);
      return undefined;
    } catch (error) {
      return accessProblem(onlyRefused(error));
    }
  }

  return {
    name: 'space-access',
    concurrency: 16,
    groupOf: (key) => knownPlace(caches.spaceinstances.get(key) ?? {}).cluster ?? '',
    async reconcile(key) {
      const space = caches.spaceinstances.get(key);
      const place = space === undefined ? undefined : placeOf(key, space);
      if (space === undefined || place === undefined) {
        forget(key);
        return undefined;
      }
      const { grants, refused } = spaceGrants(
        space,
        descriptorOf('space').templateAccess(space, templateOf(caches, 'space', space)),
        caches.projects.get(place.project),
      );
      const hash = contentHash([
        space.metadata.uid,
        place.hostNamespace,
        [...grants],
        isNamespaceLost(space),
      ]);
      const last = synced.get(key);
      const drift = last?.hash === hash ? driftOf(changed.get(key), place) : undefined;
      const pauseMs = drift === undefined ? 0 : putBacks.pauseOf(place.uid, drift);
      if (pauseMs > 0) return { requeueAfterMs: pauseMs };
      let at = last?.hash === hash && !changed.has(key) ? last.at : undefined;
      if (at === undefined || (await nextLookAt(place, at)) <= performance.now()) {
        synced.delete(key);
        at = performance.now();
        const problem = await bind(key, place, grants, { space, drift });
        if (problem !== undefined) {
          await setConditions(context, 'space', space, { [conditionType]: problem });
          return { requeueAfterMs: repairMs };
        }
        synced.set(key, { hash, at });
      }
      const problem = refused.length === 0 ? undefined : notAllowed(refused);
      await setConditions(context, 'space', space, {
        [conditionType]: problem,
        [uncontested]: putBacks.problemOf(place.uid),
      });
      return { requeueAfterMs: Math.max(0, (await nextLookAt(place, at)) - performance.now()) };
    },
    watch(add) {
      addKey = add;
      caches.spaceinstances.onChange(add);
      caches.projects.onChange((name) => {
        for (const { metadata } of caches.spaceinstances.list())
          if (projectOfNamespace(metadata.namespace ?? '') === name) add(objectKey(metadata));
      });
      caches.spacetemplates.onChange((template) => {
        for (const { metadata, spec } of caches.spaceinstances.list())
          if (spec?.templateRef?.name === template) add(objectKey(metadata));
      });
      caches.clusters.onChange((name) => {
        if (caches.clusters.get(name) === undefined) watches.end(name);
      });
    },
    stop: watches.stop,
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

function driftOf(binding: ChangedBinding | undefined, { hostNamespace }: SpaceRef): Drift | undefined {
  return binding && { ...binding, kind: 'RoleBinding', namespace: hostNamespace };
}
