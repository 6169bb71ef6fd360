import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { Requeue } from '../../adapters/kubernetes/work-queue.ts';
import { hasVerb, type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import {
  annotations,
  clusterCredentialSecret,
  platformNamespace,
  projectOfNamespace,
} from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { isProvisioned } from '../../domain/lifecycle/desired-state.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import { instanceCache } from '../caches.ts';
import { type Controller, type ControllerContext, resync, underWay } from '../controller.ts';
import { setConditions } from '../instances/instance-conditions.ts';
import { type ClusterWatch, createDriftWatches } from './drift-watches.ts';
import { createNamespaceLabels, type LabelledPlace } from './namespace-labels.ts';
import { type DriftOwner, ownerOf, uncontested } from './put-backs.ts';
import { createReleaseObjects } from './release-objects.ts';

/** A new credential of a cluster is taken so soon. */
const followAgainMs = 60_000;
/** How soon after an operation is seen that something is still amiss: its end is not always an event. */
const atWorkMs = 2_000;

/**
 * Puts back what somebody changes by hand of what the platform made in connected clusters: labels of namespaces at once, the objects of
 * tenant clusters by an update in their turn. Both are watched by metadata alone. Condition `Uncontested` names what does
 * not stay as it was put back (ADR 50).
 */
export function instanceDrift(context: ControllerContext): Controller {
  const { caches, putBacks } = context;
  /** Keys of instances by their places, and the other way round. */
  const keys = new Map<string, string>();
  const places = new Map<string, string>();
  let addKey: (key: string) => void = () => undefined;
  const watches = createDriftWatches(context, (cluster, namespace) => {
    const key = keys.get(`${cluster}/${namespace}`);
    if (key !== undefined) addKey(key);
  });
  const namespaceLabels = createNamespaceLabels(context);
  const releaseObjects = createReleaseObjects(context);

  function note(kind: ManagedKind, key: string): void {
    const id = `${kind} ${key}`;
    const before = places.get(id);
    const { cluster, namespace } = knownPlace(instanceCache(caches, kind).get(key) ?? {});
    const place = cluster && namespace ? `${cluster}/${namespace}` : undefined;
    if (before !== undefined && before !== place && keys.get(before) === id) keys.delete(before);
    if (place === undefined) places.delete(id);
    else {
      places.set(id, place);
      keys.set(place, id);
    }
  }

  /** @returns how long something that drifted has to wait, in milliseconds; undefined: nothing has */
  async function judge(kind: ManagedKind, instance: Stored<ManagedInstance>): Promise<number | undefined> {
    const { cluster, namespace } = knownPlace(instance);
    const project = projectOfNamespace(instance.metadata.namespace ?? '');
    const watch = watches.get(cluster ?? '');
    if (!cluster || !namespace || project === undefined || watch === undefined) return undefined;
    if (!isProvisioned(instance) || instance.metadata.deletionTimestamp !== undefined) return undefined;
    const { name, uid } = instance.metadata;
    const owner = ownerOf(kind, instance, cluster);
    const labelsMs = await putBackLabels(kind, instance, owner, { cluster, namespace, project }, watch);
    if (!hasVerb(kind, 'update')) return labelsMs;
    const tenant = { project, name, uid, cluster, hostNamespace: namespace };
    return earlier(labelsMs, await putBackObjects(instance, owner, tenant, watch));
  }

  async function putBackLabels(
    kind: ManagedKind,
    instance: Stored<ManagedInstance>,
    owner: DriftOwner,
    place: LabelledPlace,
    watch: ClusterWatch,
  ): Promise<number | undefined> {
    const drift = await namespaceLabels.find(kind, instance, place, watch.namespace(place.namespace));
    if (drift === undefined) return undefined;
    const pause = putBacks.pauseOf(owner.metadata.uid, drift);
    if (pause > 0) return pause;
    await namespaceLabels.putBack(kind, instance, place);
    await putBacks.note(owner, drift);
    return undefined;
  }

  async function putBackObjects(
    instance: Stored<VirtualClusterInstance>,
    owner: DriftOwner,
    tenant: TenantRef,
    watch: ClusterWatch,
  ): Promise<number | undefined> {
    const drifts = await releaseObjects.find(instance, tenant, watch);
    if (drifts === 'at work') return atWorkMs;
    if (drifts.length === 0) return undefined;
    // One that may be put back now takes the others with it.
    const pause = Math.min(...drifts.map((drift) => putBacks.pauseOf(tenant.uid, drift)));
    if (pause > 0) return pause;
    const operation = await releaseObjects.putBack(instance, tenant, drifts);
    for (const drift of drifts) await putBacks.note(owner, drift, `operation ${operation}`);
    return underWay.requeueAfterMs;
  }

  async function follow(cluster: string): Promise<Requeue | undefined> {
    const secret = `${platformNamespace}/${clusterCredentialSecret(cluster, 'worker')}`;
    const { annotations: given } = caches.clusters.get(cluster)?.metadata ?? {};
    const isConnected =
      caches.clusters.get(cluster) !== undefined && caches.platformSecrets.get(secret) !== undefined;
    // What is removed must not come back.
    if (!isConnected || given?.[annotations.disconnecting] !== undefined) {
      watches.end(cluster);
      return undefined;
    }
    await watches.follow(cluster);
    return { requeueAfterMs: followAgainMs };
  }

  return {
    name: 'instance-drift',
    concurrency: 16,
    groupOf: (id) => (id.startsWith('cluster ') ? id : (places.get(id)?.split('/')[0] ?? '')),
    /** @param id `cluster` or a kind, blank, key of the object */
    async reconcile(id) {
      const [kind, key] = id.split(' ') as [ManagedKind | 'cluster', string];
      if (kind === 'cluster') return follow(key);
      const instance = instanceCache(caches, kind).get(key);
      if (instance === undefined) return undefined;
      const waitMs = await judge(kind, instance);
      const problem = putBacks.problemOf(instance.metadata.uid);
      await setConditions(context, kind, instance, { [uncontested]: problem });
      const againMs = problem === undefined ? resync.requeueAfterMs : underWay.requeueAfterMs;
      return { requeueAfterMs: Math.min(waitMs ?? againMs, againMs) };
    },
    watch(add) {
      addKey = add;
      for (const kind of managedKinds)
        instanceCache(caches, kind).onChange((key) => {
          note(kind, key);
          add(`${kind} ${key}`);
        });
      const addCluster = (name: string) => add(`cluster ${name}`);
      caches.clusters.onChange(addCluster);
      caches.platformSecrets.onChange(() => {
        for (const { metadata } of caches.clusters.list()) addCluster(metadata.name);
      });
    },
    stop: watches.stop,
  };
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
