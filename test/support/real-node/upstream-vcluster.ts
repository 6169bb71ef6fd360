import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, presentProgram } from '../../../deploy/toolchain/find-program.ts';
import { kubernetesVersion, upstreamParts } from '../../../deploy/toolchain/parts.ts';
import { busyboxFiles } from './node-images.ts';
import { realNodeAvailable } from './real-node-available.ts';
import type { RealNodeCluster } from './real-node-cluster.ts';

/** The version of the chart and programs in the folder that VCP_VCLUSTER_DIR names. */
export const vclusterVersion = '0.37.0';
const coreDnsImage = 'localhost/coredns:1.15.0';

/** Path of the chart's archive. */
export function vclusterChart(): string {
  return join(process.env['VCP_VCLUSTER_DIR'] ?? '', `vcluster-${vclusterVersion}.tgz`);
}

/** Why no tenant cluster of vCluster's own chart can be run here, for `{ skip }` of a suite; undefined if one can. */
export function upstreamVclusterAvailable(): string | undefined {
  const dir = process.env['VCP_VCLUSTER_DIR'];
  if (dir === undefined) return "VCP_VCLUSTER_DIR names no folder with vCluster's own programs";
  const missing = [vclusterChart(), join(dir, 'vcluster.xz')].filter((file) => !existsSync(file));
  if (missing.length > 0) return `there is no ${missing.join(', no ')}`;
  if (spawnSync('xz', ['--version']).status !== 0) return "Debian's xz-utils are missing";
  const unbuilt = upstreamParts.filter((part) =>
    part.programs.some((program) => presentProgram(part, program) === undefined),
  );
  if (unbuilt.length > 0)
    return `${unbuilt.map(({ name }) => name).join(', ')} not built: "node scripts/run.mjs deploy/toolchain/main.ts upstream" builds them`;
  return realNodeAvailable();
}

/** Puts the images of vCluster's chart on the node, made from its own binary and our builds of what it runs. */
export async function importUpstreamImages(cluster: RealNodeCluster): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'vcluster-'));
  try {
    const program = join(dir, 'vcluster');
    unpack(join(process.env['VCP_VCLUSTER_DIR'] ?? '', 'vcluster.xz'), program);
    const files = busyboxFiles();
    const Env = ['PATH=/usr/local/bin:/usr/bin:/bin'];
    await cluster.importImage(
      `ghcr.io/loft-sh/vcluster-oss:${vclusterVersion}`,
      { ...files, '/vcluster': program },
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
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function unpack(archive: string, file: string): void {
  const output = openSync(file, 'w', 0o755);
  const { status, stderr } = spawnSync('xz', ['-dc', archive], { stdio: ['ignore', output, 'pipe'] });
  closeSync(output);
  if (status !== 0) throw new Error(`unpacking ${archive}: ${String(stderr)}`);
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
        { variable: 'tag', defaultValue: vclusterVersion },
      ],
      template: { helmRelease: { chart: { name: 'vcluster', version: vclusterVersion }, values } },
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
