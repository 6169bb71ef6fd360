import type { KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { PlatformError } from '../../contracts/errors.ts';
import { tenantChart } from '../tenant-charts/known-charts.ts';

export interface ManifestContract {
  readonly chart: string;
  readonly release: string;
  readonly namespace: string;
  /** The chart and values come from an administrator's template. */
  readonly trusted: boolean;
}

interface Manifest {
  apiVersion?: string;
  kind?: string;
  metadata?: { name?: string; namespace?: string; labels?: Record<string, string> };
  spec?: {
    template?: { spec?: PodSpec };
    jobTemplate?: { spec?: { template?: { spec?: PodSpec } } };
  } & PodSpec;
}

interface PodSpec {
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  volumes?: { hostPath?: unknown }[];
  containers?: Container[];
  initContainers?: Container[];
}

interface Container {
  ports?: { hostPort?: number }[];
  securityContext?: { privileged?: boolean; capabilities?: { add?: string[] } };
}

/**
 * Checks a rendered chart against what the platform needs of a tenant cluster's chart (a workload and a Service of
 * the release's name, the labels `app` and `release`) and, unless it is an administrator's, against what it may
 * make: its ordinary kinds, in its own namespace, without a way to the node, with settings that are its to make.
 * @throws PlatformError `chart_failed`
 */
export function checkManifest(text: string, contract: ManifestContract): void {
  const manifests = parseAllDocuments(text, { version: '1.1', logLevel: 'silent' })
    .map((document) => document.toJS() as Manifest | null)
    .filter(
      (manifest): manifest is Manifest =>
        typeof manifest === 'object' && manifest !== null && manifest.kind !== undefined,
    );
  if (!contract.trusted) {
    for (const manifest of manifests) checkOrdinary(manifest, contract);
    checkSettings(manifests, contract);
  }
  checkWorkload(manifests, contract);
}

const needed = 'that needs a template made by an administrator';

function checkSettings(manifests: Manifest[], { chart }: ManifestContract): void {
  const settings = tenantChart(chart).extraordinarySettings(manifests as KubernetesObject[]);
  if (settings.length === 0) return;
  throw refusal(`The values set ${settings.slice(0, 5).join(', ').slice(0, 300)}; ${needed}`);
}

function checkOrdinary(manifest: Manifest, contract: ManifestContract): void {
  const { kind = '', metadata } = manifest;
  const what = `${kind} ${metadata?.name ?? ''}`;
  if (!tenantChart(contract.chart).ordinaryKinds.includes(kind))
    throw refusal(`The chart would make ${what}; ${needed}`);
  if (metadata?.namespace !== undefined && metadata.namespace !== contract.namespace) {
    throw refusal(`The chart would make ${what} in namespace ${metadata.namespace}; ${needed}`);
  }
  for (const pod of podSpecs(manifest)) {
    if (reachesNode(pod))
      throw refusal(
        `The chart would give ${what} a way to the node (host namespaces or ports, hostPath, capabilities or privileged); ${needed}`,
      );
  }
}

function podSpecs({ kind, spec }: Manifest): PodSpec[] {
  const own = kind === 'Pod' ? spec : undefined;
  return [own, spec?.template?.spec, spec?.jobTemplate?.spec?.template?.spec].filter(
    (pod): pod is PodSpec => pod !== undefined && pod !== null,
  );
}

function reachesNode(pod: PodSpec): boolean {
  const containers = [...(pod.containers ?? []), ...(pod.initContainers ?? [])];
  return (
    pod.hostNetwork === true ||
    pod.hostPID === true ||
    pod.hostIPC === true ||
    (pod.volumes ?? []).some((volume) => volume.hostPath !== undefined) ||
    containers.some(
      ({ securityContext, ports }) =>
        securityContext?.privileged === true ||
        (securityContext?.capabilities?.add ?? []).some((name) => name !== 'NET_BIND_SERVICE') ||
        (ports ?? []).some(({ hostPort }) => hostPort !== undefined),
    )
  );
}

function checkWorkload(manifests: Manifest[], { release, chart }: ManifestContract): void {
  const named = (kinds: string[]) =>
    manifests.find(({ kind = '', metadata }) => kinds.includes(kind) && metadata?.name === release);
  const workload = named(['StatefulSet', 'Deployment']);
  if (workload === undefined || named(['Service']) === undefined) {
    throw refusal(
      `Chart ${chart} makes no StatefulSet or Deployment and Service named ${release}, which the platform needs`,
    );
  }
  const labels = workload.metadata?.labels;
  if (labels?.['app'] !== 'vcluster' || labels['release'] !== release) {
    throw refusal(
      `Chart ${chart} does not label its workload app=vcluster,release=${release}, which the platform needs`,
    );
  }
}

function refusal(message: string): PlatformError {
  return new PlatformError('chart_failed', message);
}
