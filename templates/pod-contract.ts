import type { KubernetesObject } from '@kubernetes/client-node';

export interface PodSpec {
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  serviceAccountName?: string;
  serviceAccount?: string;
  priorityClassName?: string;
  securityContext?: SecurityContext;
  volumes?: { hostPath?: unknown; flexVolume?: unknown }[];
  containers?: Container[];
  initContainers?: Container[];
}

interface SecurityContext {
  privileged?: boolean;
  procMount?: string;
  capabilities?: { add?: string[] };
  windowsOptions?: { hostProcess?: boolean };
}

/** What the kubelet does itself, from the node's network: `host` is the pod by default. */
interface Handler {
  httpGet?: { host?: string };
  tcpSocket?: { host?: string };
}

interface Container {
  ports?: { hostPort?: number }[];
  securityContext?: SecurityContext;
  livenessProbe?: Handler;
  readinessProbe?: Handler;
  startupProbe?: Handler;
  lifecycle?: { postStart?: Handler; preStop?: Handler };
}

interface PodMaker extends KubernetesObject {
  spec?: {
    template?: { spec?: PodSpec };
    jobTemplate?: { spec?: { template?: { spec?: PodSpec } } };
  } & PodSpec;
}

/** The pods that an object is or would make. */
export function podSpecs(object: KubernetesObject): PodSpec[] {
  const { kind, spec } = object as PodMaker;
  const own = kind === 'Pod' ? spec : undefined;
  return [own, spec?.template?.spec, spec?.jobTemplate?.spec?.template?.spec].filter(
    (pod): pod is PodSpec => pod !== undefined && pod !== null,
  );
}

/** Whether a pod would get a way to the node it runs on. */
export function reachesNode(pod: PodSpec): boolean {
  const containers = [...(pod.containers ?? []), ...(pod.initContainers ?? [])];
  return (
    pod.hostNetwork === true ||
    pod.hostPID === true ||
    pod.hostIPC === true ||
    pod.securityContext?.windowsOptions?.hostProcess === true ||
    (pod.volumes ?? []).some(
      ({ hostPath, flexVolume }) => hostPath !== undefined || flexVolume !== undefined,
    ) ||
    containers.some(hasNodeDial) ||
    containers.some(
      ({ securityContext, ports }) =>
        securityContext?.privileged === true ||
        securityContext?.windowsOptions?.hostProcess === true ||
        (securityContext?.procMount ?? 'Default') !== 'Default' ||
        (securityContext?.capabilities?.add ?? []).some((name) => name !== 'NET_BIND_SERVICE') ||
        (ports ?? []).some(({ hostPort }) => hostPort !== undefined),
    )
  );
}

function hasNodeDial({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): boolean {
  return [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].some(
    (handler) => handler?.httpGet?.host !== undefined || handler?.tcpSocket?.host !== undefined,
  );
}

/** Whether it would preempt all other pods, as Kubernetes' own do. */
export function outranksAll({ priorityClassName }: PodSpec): boolean {
  return priorityClassName?.startsWith('system-') === true;
}
