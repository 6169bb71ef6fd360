import { PlatformError } from '../../contracts/errors.ts';
import { labels } from '../../contracts/names.ts';

/** A connected cluster whose Services and pods can be read. */
export interface ReadableCluster {
  readonly name: string;
  /** What stands at `path` of its API; undefined if nothing does. */
  read(path: string): Promise<unknown>;
}

interface Service {
  spec?: {
    selector?: Record<string, string>;
    ports?: { port: number; protocol?: string; targetPort?: number | string }[];
  };
}
interface Pod {
  metadata?: { name?: string; deletionTimestamp?: string; creationTimestamp?: string };
  spec?: { containers?: Container[]; initContainers?: Container[] };
  status?: { phase?: string; podIP?: string; conditions?: { type: string; status: string }[] };
}
interface Container {
  ports?: { name?: string; containerPort: number }[];
}

/**
 * Address of one pod behind port `port` of a Service: the ready ones first, then any that runs (a control plane
 * answers before its pod is Ready); undefined while none runs.
 * @throws PlatformError `cluster_unreachable` if there is no such Service
 */
export async function resolveService(
  cluster: ReadableCluster,
  namespace: string,
  name: string,
  port: number,
): Promise<{ host: string; port: number } | undefined> {
  const service = (await cluster.read(`/api/v1/namespaces/${namespace}/services/${name}`)) as
    | Service
    | undefined;
  const servicePort = service?.spec?.ports?.find((candidate) => candidate.port === port);
  const selector = Object.entries(service?.spec?.selector ?? {});
  if (servicePort === undefined || selector.length === 0) {
    throw new PlatformError(
      'cluster_unreachable',
      `service ${namespace}/${name} with port ${port} not found in connected cluster ${cluster.name}`,
    );
  }
  // A tenant gives its own pods what labels it likes; those that a syncer made of them are not a control plane.
  const wanted = [...selector.map(([key, value]) => `${key}=${value}`), `!${labels.synced}`];
  const query = encodeURIComponent(wanted.join(','));
  const { items = [] } = ((await cluster.read(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=${query}`,
  )) ?? {}) as { items?: Pod[] };
  const pod = items.filter(isRunning).toSorted(readyFirst)[0];
  if (pod === undefined) return undefined;
  return { host: pod.status?.podIP as string, port: targetPortOf(pod, servicePort.targetPort ?? port) };
}

function isRunning(pod: Pod): boolean {
  const { phase, podIP } = pod.status ?? {};
  // With native sidecars a control plane serves while its pod still counts as Pending.
  return (
    (phase === 'Running' || phase === 'Pending') &&
    podIP !== undefined &&
    podIP !== '' &&
    pod.metadata?.deletionTimestamp === undefined
  );
}

function readyFirst(a: Pod, b: Pod): number {
  const rank = (pod: Pod) => {
    const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    return ready === true ? 0 : pod.status?.phase === 'Running' ? 1 : 2;
  };
  return rank(a) - rank(b);
}

function targetPortOf(pod: Pod, targetPort: number | string): number {
  if (typeof targetPort === 'number') return targetPort;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const named = containers
    .flatMap(({ ports }) => ports ?? [])
    .find((candidate) => candidate.name === targetPort);
  if (named === undefined)
    throw new PlatformError(
      'cluster_unreachable',
      `pod ${pod.metadata?.name} has no port named ${targetPort}`,
    );
  return named.containerPort;
}
