import type { SpaceHost } from '../../adapters/host-namespaces.ts';
import { callKubernetes, orUndefined, retryOnConflict } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { annotations } from '../../contracts/names.ts';

/** The part of a workload that decides whether it has pods. */
export interface SpaceWorkload {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly controller?: boolean }[];
  };
  readonly spec?: { readonly replicas?: number; readonly suspend?: boolean };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly replicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly currentNumberScheduled?: number;
  };
}

/** A change of one workload as a JSON merge patch; undefined: it is as it should be. */
export type WorkloadChange = (workload: SpaceWorkload, kind: WorkloadKind) => object | undefined;

interface WorkloadKind {
  readonly path: string;
  readonly plural: string;
  /** How it is stopped; DaemonSets are by nothing but that no pods are let in. */
  readonly by: 'replicas' | 'suspend' | 'nothing';
  /** Those with a controller of this kind are left to it. */
  readonly madeBy?: string;
}

const kinds: readonly WorkloadKind[] = [
  { path: '/apis/apps/v1', plural: 'deployments', by: 'replicas' },
  { path: '/apis/apps/v1', plural: 'statefulsets', by: 'replicas' },
  { path: '/apis/apps/v1', plural: 'replicasets', by: 'replicas', madeBy: 'Deployment' },
  { path: '/api/v1', plural: 'replicationcontrollers', by: 'replicas' },
  { path: '/apis/batch/v1', plural: 'cronjobs', by: 'suspend' },
  { path: '/apis/batch/v1', plural: 'jobs', by: 'suspend' },
  { path: '/apis/apps/v1', plural: 'daemonsets', by: 'nothing' },
];

const atOnce = 8;
const attempts = 10;

/**
 * Scales to zero or suspends, and remembers what was there in an annotation of the workload. What makes no pods is
 * left alone, so that a wake does not start it.
 */
export const stopWorkload: WorkloadChange = ({ metadata, spec, status }, { by, madeBy }) => {
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  if (by === 'nothing' || (controller !== undefined && controller.kind === madeBy)) return undefined;
  if (by === 'replicas') {
    const replicas = spec?.replicas ?? 1;
    if (replicas === 0) return undefined;
    return {
      metadata: { annotations: { [annotations.sleepReplicas]: String(replicas) } },
      spec: { replicas: 0 },
    };
  }
  const hasEnded = status?.conditions?.some(
    (one) => one.status === 'True' && (one.type === 'Complete' || one.type === 'Failed'),
  );
  if (spec?.suspend === true || hasEnded === true) return undefined;
  return { metadata: { annotations: { [annotations.sleepSuspended]: 'true' } }, spec: { suspend: true } };
};

/**
 * Gives back what {@link stopWorkload} took. Workloads that were scaled up in the meantime stay as they are. What waits for
 * pods is touched: its controller was refused so often that it would try again after up to 17 minutes.
 */
export const resumeWorkload: WorkloadChange = (workload, kind) => {
  const { metadata, spec } = workload;
  const { by } = kind;
  const name = by === 'replicas' ? annotations.sleepReplicas : annotations.sleepSuspended;
  const remembered = metadata.annotations?.[name];
  if (remembered === undefined) {
    const touched = { [annotations.wokenAt]: new Date().toISOString() };
    return waitsForPods(workload, kind) ? { metadata: { annotations: touched } } : undefined;
  }
  const forgotten = { metadata: { annotations: { [name]: null } } };
  if (by === 'suspend') return { ...forgotten, spec: { suspend: false } };
  const isOurs = spec?.replicas === 0 && /^[1-9]\d{0,8}$/.test(remembered);
  return isOurs ? { ...forgotten, spec: { replicas: Number(remembered) } } : forgotten;
};

function waitsForPods({ spec, status = {} }: SpaceWorkload, { by }: WorkloadKind): boolean {
  if (by === 'nothing') return (status.desiredNumberScheduled ?? 0) > (status.currentNumberScheduled ?? 0);
  return by === 'replicas' && (spec?.replicas ?? 1) > (status.replicas ?? 0);
}

/**
 * Changes every workload of a namespace that needs it; somebody else's write in between begins that one again.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function changeWorkloads(
  { client: { kubeConfig }, name: namespace }: SpaceHost,
  change: WorkloadChange,
): Promise<void> {
  const send = async (path: string, patch?: object) =>
    requestJson(
      kubeConfig,
      patch === undefined
        ? { path }
        : { method: 'PATCH', path, body: patch, contentType: 'application/merge-patch+json' },
    );
  const bring = async (kind: WorkloadKind, listed: SpaceWorkload) => {
    const path = `${kind.path}/namespaces/${namespace}/${kind.plural}/${listed.metadata.name}`;
    const write = async (attempt: number) => {
      const workload = attempt === 1 ? listed : ((await send(path)) as SpaceWorkload);
      const patch = change(workload, kind) as { metadata: object } | undefined;
      if (patch === undefined) return;
      const { resourceVersion } = workload.metadata;
      await send(path, { ...patch, metadata: { ...patch.metadata, resourceVersion } });
    };
    await orUndefined(retryOnConflict(attempts, write)); // what is gone needs no change
  };
  await callKubernetes(`changing the workloads of namespace ${namespace}`, async () => {
    for (const kind of kinds) {
      const list = await send(`${kind.path}/namespaces/${namespace}/${kind.plural}`);
      const { items } = list as { items: SpaceWorkload[] };
      for (let index = 0; index < items.length; index += atOnce)
        await Promise.all(items.slice(index, index + atOnce).map((item) => bring(kind, item)));
    }
  });
}
