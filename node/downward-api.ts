import { availableParallelism, totalmem } from 'node:os';
import type { V1Pod, V1ResourceFieldSelector } from '@kubernetes/client-node';
import { ContainerRefusal } from './images.ts';

const hostAddress = '127.0.0.1';

const podFields: ReadonlyMap<string, (pod: V1Pod, podAddress: string) => string> = new Map([
  ['metadata.name', ({ metadata }: V1Pod) => metadata?.name ?? ''],
  ['metadata.namespace', ({ metadata }: V1Pod) => metadata?.namespace ?? ''],
  ['metadata.uid', ({ metadata }: V1Pod) => metadata?.uid ?? ''],
  ['metadata.labels', ({ metadata }: V1Pod) => lines(metadata?.labels)],
  ['metadata.annotations', ({ metadata }: V1Pod) => lines(metadata?.annotations)],
  ['spec.nodeName', ({ spec }: V1Pod) => spec?.nodeName ?? ''],
  ['spec.serviceAccountName', ({ spec }: V1Pod) => spec?.serviceAccountName ?? 'default'],
  ['status.hostIP', () => hostAddress],
  ['status.hostIPs', () => hostAddress],
  ['status.podIP', (_: V1Pod, podAddress: string) => podAddress],
  ['status.podIPs', (_: V1Pod, podAddress: string) => podAddress],
]);

/**
 * Value of a field that pods may read about themselves (`metadata.name`, `status.podIP`,
 * `metadata.labels['app']` …); a whole map is written as lines `key="value"`.
 * @throws ContainerRefusal CreateContainerConfigError for any other path
 */
export function readPodField(pod: V1Pod, path: string, podAddress: string): string {
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (subscript !== null)
    return pod.metadata?.[subscript[1] as 'labels' | 'annotations']?.[subscript[2] ?? ''] ?? '';
  const read = podFields.get(path);
  if (read === undefined)
    throw new ContainerRefusal('CreateContainerConfigError', `the field ${path} is not available to pods`);
  return read(pod, podAddress);
}

/** A container's request or limit in units of `divisor`, rounded up; a limit not set is the machine's capacity. */
export function readResourceField(
  pod: V1Pod,
  containerName: string,
  selector: V1ResourceFieldSelector,
): string {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const container = containers.find(
    (candidate) => candidate.name === (selector.containerName ?? containerName),
  );
  const [kind, resource = ''] = selector.resource.split('.', 2) as ['limits' | 'requests', string?];
  const amount = container?.resources?.[kind]?.[resource] ?? (kind === 'limits' ? capacityOf(resource) : '0');
  const divisor = selector.divisor === '0' ? '1' : (selector.divisor ?? '1');
  return String(Math.ceil(quantity(amount) / quantity(divisor)));
}

function capacityOf(resource: string): string {
  if (resource === 'cpu') return String(availableParallelism());
  return resource === 'memory' ? String(totalmem()) : '0';
}

function lines(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

const suffixes: Record<string, number> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Number that a Kubernetes quantity such as `250m` or `1Gi` stands for. */
function quantity(text: string): number {
  const match = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text);
  const factor = suffixes[match?.[2] ?? ''];
  if (match === null || factor === undefined)
    throw new ContainerRefusal('CreateContainerConfigError', `${text} is not a quantity`);
  return Number(match[1]) * factor;
}
