import { findProgram, presentProgram } from '../../../toolchain/find-program.ts';
import { kubernetesVersion, upstreamParts } from '../../../toolchain/parts.ts';
import { vclusterChartVersion } from '../../../toolchain/vcluster-chart.ts';
import { busyboxFiles } from './node-images.ts';
import { realNodeAvailable } from './real-node-available.ts';
import type { RealNodeCluster } from './real-node-cluster.ts';

const coreDnsImage = 'localhost/coredns:1.15.0';

/** Why no tenant cluster of vCluster's own chart can be run here, for `{ skip }` of a suite; undefined if one can. */
export function upstreamVclusterAvailable(): string | undefined {
  const unbuilt = upstreamParts.filter((part) =>
    part.programs.some((program) => presentProgram(part, program) === undefined),
  );
  if (unbuilt.length > 0)
    return `${unbuilt.map(({ name }) => name).join(', ')} not built: "node scripts/run.mjs toolchain/main.ts upstream" builds them`;
  return realNodeAvailable();
}

/** Puts the images of vCluster's chart on the node, made from our builds of vCluster and of what it runs. */
export async function importUpstreamImages(cluster: RealNodeCluster): Promise<void> {
  const files = busyboxFiles();
  const Env = ['PATH=/usr/local/bin:/usr/bin:/bin'];
  await cluster.importImage(
    `ghcr.io/loft-sh/vcluster-oss:${vclusterChartVersion}`,
    { ...files, '/vcluster': findProgram('vcluster') },
    { Cmd: ['/vcluster', 'start'], Env },
  );
  const kubernetes = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'helm'] as const;
  await cluster.importImage(
    `ghcr.io/loft-sh/kubernetes:${kubernetesVersion}`,
    {
      ...files,
      ...Object.fromEntries(kubernetes.map((name) => [`/kubernetes/${name}`, findProgram(name)])),
      '/kubernetes/kine': findProgram('kine-sqlite'),
    },
    { Env },
  );
  await cluster.importImage(
    coreDnsImage,
    { '/coredns': findProgram('coredns') },
    { Entrypoint: ['/coredns'] },
  );
}

/**
 * A template of the chart for a node without an image registry; its parameters are a label of the StatefulSet
 * (`changed`) and the version of vCluster's image (`tag`).
 */
export function upstreamTemplate(name: string): object {
  return {
    apiVersion: 'management.loft.sh/v1',
    kind: 'VirtualClusterTemplate',
    metadata: { name },
    spec: {
      parameters: [
        { variable: 'changed', defaultValue: 'no' },
        { variable: 'tag', defaultValue: vclusterChartVersion },
      ],
      template: { helmRelease: { chart: { name: 'vcluster', version: vclusterChartVersion }, values } },
    },
  };
}

const values = `
controlPlane:
  distro:
    k8s:
      enabled: true
      version: ${kubernetesVersion}
      # Its one replica need not wait for the lease of its former self.
      controllerManager: { extraArgs: [--leader-elect=false] }
  statefulSet:
    labels: { changed: "{{ .Values.changed }}" }
    image: { repository: loft-sh/vcluster-oss, tag: "{{ .Values.tag }}" }
    # The node offers no ephemeral storage to ask for.
    resources: { requests: { memory: 64Mi, cpu: 20m, ephemeral-storage: 0 }, limits: { ephemeral-storage: null } }
  coredns: { deployment: { image: "${coreDnsImage}" } }
policies: { podSecurityStandard: baseline }
telemetry: { enabled: false }
`;
