import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject, V1Container, V1Job, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { startErrorPatienceMs } from '../../adapters/kubernetes/container-start-error.ts';
import { callKubernetes, orUndefined, unlessConflict } from '../../adapters/kubernetes/failures.ts';
import { operationJob } from '../../adapters/operation-job.ts';
import { podSettings } from '../../adapters/tenant-charts/tenant-workload.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { listControlPlane } from './control-plane-objects.ts';

/** Pulling may take longer; then the wake will tell. */
const deadlineMs = 90_000;
const intervalMs = 250;

/** What a trial found that may last; undefined: nothing. */
export interface ImageTrial {
  /** Why nothing can be said of the images. */
  readonly unchecked?: string;
}

/**
 * Starts the images of a sleeper's manifest that its control plane did not have before, each for a moment and with
 * `--version` only, by a Job without volumes and tokens: whether nodes have an image, or can pull it, only a node can say.
 * @throws PlatformError `control_plane_not_ready` if one cannot be started, `cluster_unreachable`
 */
export async function tryImages(
  host: TenantHost,
  operationId: string,
  objects: readonly KubernetesObject[],
  signal: AbortSignal | undefined,
): Promise<ImageTrial> {
  const { sets, deployments } = await listControlPlane(host);
  const present = [...sets, ...deployments].flatMap(({ spec }) => spec?.template.spec ?? []);
  const known = new Set(present.flatMap(containersOf).map(({ image }) => image));
  const wanted = objects.flatMap(podSpecOf);
  const isNew = ({ image }: V1Container) => image !== undefined && !known.has(image);
  const [pod] = wanted.filter((spec) => containersOf(spec).some(isNew));
  if (pod === undefined) return {};
  const images = new Map(
    wanted
      .flatMap(containersOf)
      .filter(isNew)
      .map((one) => [one.image, one]),
  );
  const job = trialJob(host, operationId, pod, [...images.values()]);
  const { client, name: namespace } = host;
  try {
    await callKubernetes(
      'creating the Job that tries images',
      unlessConflict(client.batch.createNamespacedJob({ namespace, body: job })),
    );
    return await lookAtJob(host, job.metadata?.name ?? '', images.size, signal);
  } catch (error) {
    // The connected cluster's own quotas, policies and webhooks.
    if (error instanceof PlatformError && refusals.has(error.code)) return { unchecked: error.message };
    throw error;
  } finally {
    await deleteJob(host, job.metadata?.name ?? '');
  }
}

const refusals: ReadonlySet<string> = new Set([
  'admission_refused',
  'forbidden',
  'invalid_request',
  'quota_exceeded',
]);

async function lookAtJob(
  { client, name: namespace }: TenantHost,
  job: string,
  images: number,
  signal: AbortSignal | undefined,
): Promise<ImageTrial> {
  const startedAt = performance.now();
  let faultySince: number | undefined;
  for (;;) {
    const query = { namespace, labelSelector: `batch.kubernetes.io/job-name=${job}` };
    const list = client.core.listNamespacedPod(query);
    const { items } = await callKubernetes('reading the pod that tries images', list);
    if (items.flatMap(startedContainers).length >= images) return {};
    const fault = items.map(imageFault).find((found) => found !== undefined);
    const now = performance.now();
    faultySince = fault === undefined ? undefined : (faultySince ?? now);
    const patienceMs = items.some(isHopeless) ? 0 : startErrorPatienceMs;
    if (faultySince !== undefined && now - faultySince >= patienceMs)
      throw new PlatformError(
        'control_plane_not_ready',
        `the control plane would not start when it is woken: ${fault}`,
      );
    if (now - startedAt > deadlineMs)
      return { unchecked: fault ?? 'no node has started them within 90 s, so the next wake will tell' };
    await delay(intervalMs, undefined, signal === undefined ? {} : { signal });
  }
}

/** Reasons of containers whose image is missing, or cannot be pulled. */
const imageReasons = /^(ErrImage|ImagePull|InvalidImageName|ImageInspectError|RegistryUnavailable)/;

/** The same words at each attempt: neither the Job's nor the pod's name is in them. */
function imageFault({ status }: V1Pod): string | undefined {
  const stuck = status?.containerStatuses?.find(({ state }) =>
    imageReasons.test(state?.waiting?.reason ?? ''),
  );
  if (stuck === undefined) return undefined;
  const { reason, message = '' } = stuck.state?.waiting ?? {};
  return `container ${stuck.name}, image ${stuck.image}: ${reason} ${message}`.trim();
}

/** A node asks no registry for these once more. */
function isHopeless({ status }: V1Pod): boolean {
  return (status?.containerStatuses ?? []).some(({ state }) =>
    ['ErrImageNeverPull', 'InvalidImageName'].includes(state?.waiting?.reason ?? ''),
  );
}

/** What became of their program says nothing: it was not given what it needs. */
function startedContainers({ status }: V1Pod): string[] {
  return (status?.containerStatuses ?? [])
    .filter(({ state }) => {
      const reason = state?.waiting?.reason ?? '';
      const isWaiting =
        ['', 'ContainerCreating', 'PodInitializing'].includes(reason) || imageReasons.test(reason);
      return state?.running !== undefined || state?.terminated !== undefined || !isWaiting;
    })
    .map(({ name }) => name);
}

function trialJob(
  host: TenantHost,
  operationId: string,
  pod: V1PodSpec,
  containers: readonly V1Container[],
): V1Job {
  return operationJob({
    host,
    operationId,
    name: `image-trial-${operationId}`,
    deadlineSeconds: 300,
    keptSeconds: 300,
    graceSeconds: 0,
    pod: {
      ...podSettings(pod),
      containers: containers.map((container, index) => toTrial(container, index, containers)),
    },
  });
}

function toTrial(container: V1Container, index: number, all: readonly V1Container[]): V1Container {
  const { name, image, imagePullPolicy, command, securityContext } = container;
  // Those of several workloads may share one.
  const isFirst = all.findIndex((other) => other.name === name) === index;
  return {
    name: isFirst ? name : `image-${index}`,
    ...(image === undefined ? {} : { image }),
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    ...(command?.[0] === undefined ? {} : { command: [command[0]] }),
    ...(securityContext === undefined ? {} : { securityContext }),
    args: ['--version'],
    resources: { requests: { cpu: '1m', memory: '8Mi' } },
  };
}

function podSpecOf({ kind, ...object }: KubernetesObject): V1PodSpec[] {
  const { spec } = object as { spec?: { template?: { spec?: V1PodSpec } } };
  const isWorkload = kind === 'StatefulSet' || kind === 'Deployment';
  return isWorkload && spec?.template?.spec !== undefined ? [spec.template.spec] : [];
}

function containersOf({ initContainers = [], containers }: V1PodSpec): V1Container[] {
  return [...initContainers, ...containers];
}

async function deleteJob({ client, name: namespace }: TenantHost, name: string): Promise<void> {
  const propagationPolicy = 'Background';
  const deletion = client.batch.deleteNamespacedJob({ namespace, name, propagationPolicy });
  await callKubernetes('deleting the Job that tried images', orUndefined(deletion));
}
