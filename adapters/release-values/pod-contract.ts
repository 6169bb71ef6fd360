import type { KubernetesObject } from '@kubernetes/client-node';

interface PodSpec {
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  serviceAccountName?: string;
  serviceAccount?: string;
  securityContext?: SecurityContext;
  volumes?: { hostPath?: unknown }[];
  containers?: Container[];
  initContainers?: Container[];
}

interface SecurityContext {
  privileged?: boolean;
  procMount?: string;
  capabilities?: { add?: string[] };
  windowsOptions?: { hostProcess?: boolean };
}

interface Container {
  ports?: { hostPort?: number }[];
  securityContext?: SecurityContext;
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
    (pod.volumes ?? []).some((volume) => volume.hostPath !== undefined) ||
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
