import type { KubernetesObject } from '@kubernetes/client-node';
import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { applyObject } from '../../adapters/kubernetes/apply-object.ts';
import { callKubernetes, orUndefined } from '../../adapters/kubernetes/failures.ts';
import { scaledBy } from '../../adapters/kubernetes/field-owners.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { syncedPodOf, syncedPodSelector } from '../../adapters/tenant-charts/vcluster.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { fieldManagers, labels } from '../../contracts/names.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { notEnded } from '../../domain/lifecycle/lost-pods.ts';
import type { EndingPod } from '../instances/lost-pods.ts';
import { listControlPlane } from './control-plane-objects.ts';

/** A workload of a tenant's control plane: StatefulSet or Deployment. */
export interface Workload {
  readonly kind: 'statefulsets' | 'deployments';
  readonly name: string;
  readonly replicas: number;
  /** Whether it keeps its data on a volume of its own. */
  readonly hasVolume: boolean;
  /** Replicas it had before it was put to sleep. */
  readonly awakeReplicas: number | undefined;
  readonly generation: number;
  readonly status: { readonly observedGeneration: number; readonly updated: number; readonly total: number };
}

/**
 * The pods that the control plane runs for its tenant, as these are called in it.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function listSyncedPods({
  client,
  owner: tenant,
  name: namespace,
}: TenantHost): Promise<EndingPod[]> {
  const query = {
    namespace,
    labelSelector: syncedPodSelector(tenant),
    fieldSelector: notEnded,
  };
  return callKubernetes(`reading the pods of ${tenant.name}`, async () =>
    (await client.core.listNamespacedPod(query)).items.map(({ metadata = {} }) => ({
      ...syncedPodOf(metadata),
      uid: metadata.uid ?? '',
      ...(metadata.deletionTimestamp === undefined ? {} : { deletionTimestamp: metadata.deletionTimestamp }),
    })),
  );
}

/**
 * Deletes the pods that the control plane ran for its tenant. They can go only once it stands: it would take a deletion
 * for the tenant's own wish and make them again.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function deleteSyncedPods({
  client,
  owner: tenant,
  name: namespace,
}: TenantHost): Promise<void> {
  await callKubernetes(`stopping the pods of ${tenant.name}`, async () => {
    const { items } = await client.core.listNamespacedPod({
      namespace,
      labelSelector: syncedPodSelector(tenant),
    });
    const present = items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
    await Promise.all(
      present.map(({ metadata }) =>
        orUndefined(client.core.deleteNamespacedPod({ namespace, name: metadata?.name ?? '' })),
      ),
    );
  });
}

/**
 * Whether pods that the control plane ran for its tenant are there yet, by one of them: it is asked often, and there may
 * be hundreds. `undeleted`: somebody made one again.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function findSyncedPod({
  client,
  owner: tenant,
  name: namespace,
}: TenantHost): Promise<'none' | 'ending' | 'undeleted'> {
  return callKubernetes(`reading the pods of ${tenant.name}`, async () => {
    const query = { namespace, labelSelector: syncedPodSelector(tenant), limit: 1 };
    const [pod] = (await client.core.listNamespacedPod(query)).items;
    if (pod === undefined) return 'none';
    return pod.metadata?.deletionTimestamp === undefined ? 'undeleted' : 'ending';
  });
}

/** @throws PlatformError `cluster_unreachable`, `forbidden` */
export async function listWorkloads(host: TenantHost): Promise<Workload[]> {
  const { sets, deployments } = await listControlPlane(host);
  return [
    ...sets.map((item) => toWorkload('statefulsets', item)),
    ...deployments.map((item) => toWorkload('deployments', item)),
  ];
}

interface ScalableObject {
  readonly metadata?: { name?: string; generation?: number; labels?: Record<string, string> };
  readonly spec?: { replicas?: number; volumeClaimTemplates?: { metadata?: { name?: string } }[] };
  readonly status?: { observedGeneration?: number; updatedReplicas?: number; replicas?: number };
}

function toWorkload(kind: Workload['kind'], object: ScalableObject): Workload {
  const { name = '', generation = 0, labels: own } = object.metadata ?? {};
  const { observedGeneration = 0, updatedReplicas: updated = 0, replicas: total = 0 } = object.status ?? {};
  const kept = Number(own?.[labels.sleepReplicas]);
  return {
    kind,
    name,
    replicas: object.spec?.replicas ?? 1,
    hasVolume: object.spec?.volumeClaimTemplates?.some(({ metadata }) => metadata?.name === 'data') === true,
    awakeReplicas: Number.isInteger(kept) && kept > 0 ? kept : undefined,
    generation,
    status: { observedGeneration, updated, total },
  };
}

/** Whether the control plane is scaled to zero. @throws PlatformError `cluster_unreachable` */
export async function isAsleep(host: TenantHost): Promise<boolean> {
  return areAsleep(await listWorkloads(host));
}

export function areAsleep(workloads: readonly Workload[]): boolean {
  return workloads.length > 0 && workloads.every(({ replicas }) => replicas === 0);
}

/**
 * Scales the control plane to zero or back to what it was. One that is there already is not written.
 * @param begin `empty`: also one whose volume was deleted, which is then made again
 * @throws PlatformError `control_plane_missing` if there is none, or its data are gone; `conflict` if to stop it would delete them;
 *   `cluster_unreachable`
 */
export async function scaleControlPlane(host: TenantHost, awake: boolean, begin?: 'empty'): Promise<void> {
  const [workloads, volume] = await Promise.all([listWorkloads(host), volumeOf(host)]);
  if (workloads.length === 0) throw controlPlaneMissing(host, 'a control plane');
  const changing = workloads.filter(({ replicas }) => replicas > 0 !== awake);
  if (changing.some(({ hasVolume }) => hasVolume)) checkVolume(host, { awake, volume, begin });
  await Promise.all(changing.map((workload) => scale(host, workload, awake)));
}

/** A StatefulSet would make a volume again, empty, and nothing would tell; one that is being deleted goes with its last pod. */
function checkVolume(
  host: TenantHost,
  { awake, volume, begin }: { awake: boolean; volume: Volume; begin: 'empty' | undefined },
): void {
  if (awake && volume !== 'there' && begin !== 'empty') throw controlPlaneMissing(host, 'its volume');
  if (!awake && volume === 'ending') throw volumeEnding(host);
}

/** Nobody made it stop: its data may be gone, so that only people can say what becomes of it. */
export function controlPlaneMissing(
  { owner, name }: TenantHost,
  what: 'a control plane' | 'its volume',
): PlatformError {
  return new PlatformError(
    'control_plane_missing',
    `tenant cluster ${owner.name} does not have ${what} in namespace ${name} any more: it was deleted there. Restore a snapshot to make it again with its data, or ask for an empty one with "vcp retry" or an update`,
  );
}

/** To stop the control plane would delete its data. */
export function volumeEnding({ owner, name }: TenantHost): PlatformError {
  return new PlatformError(
    'conflict',
    `somebody deleted volume claim ${claimName(owner)} in namespace ${name}: it goes, with all data, once the control plane stops. Take a snapshot, delete StatefulSet ${owner.name} there, and restore the snapshot`,
  );
}

type Volume = 'there' | 'ending' | 'none';

/** What is there of the volume of the data, as its claim says. @throws PlatformError `cluster_unreachable` */
export async function volumeOf(host: TenantHost): Promise<Volume> {
  const claim = await readClaim(host);
  if (claim === undefined) return 'none';
  return claim.metadata?.deletionTimestamp === undefined ? 'there' : 'ending';
}

/** Whether the volume of the data is there, and does not go with the StatefulSet that it was made for. @throws PlatformError `cluster_unreachable` */
export async function isVolumeLeft(host: TenantHost): Promise<boolean> {
  const claim = await readClaim(host);
  const { deletionTimestamp, ownerReferences = [] } = claim?.metadata ?? {};
  return claim !== undefined && deletionTimestamp === undefined && ownerReferences.length === 0;
}

async function readClaim({ client, owner, name: namespace }: TenantHost) {
  const name = claimName(owner);
  return callKubernetes(
    `reading claim ${name}`,
    orUndefined(client.core.readNamespacedPersistentVolumeClaim({ namespace, name })),
  );
}

function claimName({ name }: TenantRef): string {
  return `data-${name}-0`;
}

async function scale(
  { client, owner: tenant, name: namespace }: TenantHost,
  workload: Workload,
  awake: boolean,
): Promise<void> {
  const replicas = awake ? (workload.awakeReplicas ?? 1) : 0;
  const label = awake ? null : String(workload.replicas);
  await callKubernetes(
    `scaling the control plane of ${tenant.name}`,
    requestJson(client.kubeConfig, {
      method: 'PATCH',
      path: `/apis/apps/v1/namespaces/${namespace}/${workload.kind}/${workload.name}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: { [labels.sleepReplicas]: label } }, spec: { replicas } },
    }),
  );
}

/**
 * Gives workloads that somebody else has scaled the number of replicas that `objects`, what was applied of them, say; 1 where
 * they do not. Those that stand still are left: see {@link scaleControlPlane}.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function resetReplicas(host: TenantHost, objects: readonly KubernetesObject[]): Promise<void> {
  const { sets, deployments } = await listControlPlane(host);
  for (const { metadata = {}, spec } of [...sets, ...deployments]) {
    if (spec?.replicas === 0 || scaledBy(metadata.managedFields) === undefined) continue;
    const applied = objects.find(
      ({ kind, metadata: own }) =>
        own?.name === metadata.name && (kind === 'StatefulSet' || kind === 'Deployment'),
    ) as (KubernetesObject & ScalableObject) | undefined;
    if (applied === undefined) continue;
    const { apiVersion, kind } = applied;
    const object = {
      ...{ apiVersion, kind },
      metadata: { name: metadata.name, namespace: host.name },
      spec: { replicas: applied.spec?.replicas ?? 1 },
    };
    await callKubernetes(
      `scaling ${kind} ${metadata.name}`,
      applyObject(host.client.kubeConfig, object as KubernetesObject, fieldManagers.worker),
    );
  }
}
