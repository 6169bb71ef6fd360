/**
 * Everything that is built from a pinned Go module: one part per folder here (its go.mod pins the versions of
 * all it needs), with the programs it gives. The only place that names versions.
 */
export interface Part {
  readonly name: string;
  /** Folder of its go.mod, if that is not its name's. */
  readonly module?: string;
  /** Version of the main module, as go.mod has it. */
  readonly version: string;
  readonly programs: readonly ToolchainProgram[];
  /** Passed to the linker. */
  readonly linkerFlags?: string;
  /** Go's build tags. */
  readonly tags?: string;
  /** Needs a C compiler, and a C library that links statically. */
  readonly cgo?: true;
}

export interface ToolchainProgram {
  readonly name: ProgramName | RealNodeProgramName | UpstreamProgramName;
  readonly goPackage: string;
  /** File that `go build` makes of it. */
  readonly file: string;
  /** Names under which others install it, on PATH or in KUBEBUILDER_ASSETS. */
  readonly installedAs: readonly string[];
  /** Arguments that make it print its version. */
  readonly versionArgs: readonly string[];
}

export type ProgramName =
  | 'etcd'
  | 'etcdctl'
  | 'etcdutl'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl'
  | 'kine'
  | 'helm'
  | 'temporal'
  | 'temporal-sql'
  | 'temporal-ui';

/** Programs of a real node, which only the suites in test/real-node need. */
export type RealNodeProgramName =
  | 'kubelet'
  | 'kube-proxy'
  | 'containerd'
  | 'containerd-shim-runc-v2'
  | 'ctr'
  | 'cni-bridge'
  | 'cni-host-local'
  | 'cni-loopback';

/** vCluster itself and the programs in the images of its tenant clusters, which only the suite of its own chart needs. */
export type UpstreamProgramName = 'vcluster' | 'vclusterctl' | 'kine-sqlite' | 'coredns';

export const kubernetesVersion = 'v1.36.3';

const kubernetesStamp = [
  `-X k8s.io/component-base/version.gitVersion=${kubernetesVersion}`,
  '-X k8s.io/component-base/version.gitMajor=1',
  '-X k8s.io/component-base/version.gitMinor=36',
  '-X k8s.io/component-base/version.gitTreeState=clean',
].join(' ');

function kubernetes(name: ToolchainProgram['name'], versionArgs = ['--version']): ToolchainProgram {
  return { name, goPackage: `k8s.io/kubernetes/cmd/${name}`, file: name, installedAs: [name], versionArgs };
}

function etcd(name: ProgramName, module: string, file: string, versionArgs: string[]): ToolchainProgram {
  return { name, goPackage: `go.etcd.io/etcd/${module}/v3`, file, installedAs: [name], versionArgs };
}

function containerd(name: RealNodeProgramName, versionArgs = ['--version']): ToolchainProgram {
  const goPackage = `github.com/containerd/containerd/v2/cmd/${name}`;
  return { name, goPackage, file: name, installedAs: [name], versionArgs };
}

/** Always built: these programs print no version that could be compared. */
function cniPlugin(kind: 'main' | 'ipam', file: string): ToolchainProgram {
  const goPackage = `github.com/containernetworking/plugins/plugins/${kind}/${file}`;
  return { name: `cni-${file}` as RealNodeProgramName, goPackage, file, installedAs: [], versionArgs: [] };
}

function vcluster(name: UpstreamProgramName): ToolchainProgram {
  const goPackage = `github.com/loft-sh/vcluster/cmd/${name}`;
  return { name, goPackage, file: name, installedAs: [], versionArgs: [] };
}

/** What the platform itself runs, in the order in which it is built. */
export const parts: readonly Part[] = [
  {
    name: 'etcd',
    version: 'v3.7.3',
    programs: [
      etcd('etcd', 'server', 'server', ['--version']),
      etcd('etcdctl', 'etcdctl', 'etcdctl', ['version']),
      etcd('etcdutl', 'etcdutl', 'etcdutl', ['version']),
    ],
  },
  {
    name: 'kubernetes',
    version: kubernetesVersion,
    linkerFlags: kubernetesStamp,
    programs: [
      kubernetes('kube-apiserver'),
      kubernetes('kube-controller-manager'),
      kubernetes('kube-scheduler'),
      kubernetes('kubectl', ['version', '--client']),
    ],
  },
  {
    name: 'kine',
    version: 'v0.17.5',
    programs: [
      {
        name: 'kine',
        goPackage: 'github.com/k3s-io/kine',
        file: 'kine',
        installedAs: ['kine'],
        versionArgs: ['--version'],
      },
    ],
  },
  {
    name: 'helm',
    version: 'v4.3.1',
    programs: [
      {
        name: 'helm',
        goPackage: 'helm.sh/helm/v4/cmd/helm',
        file: 'helm',
        installedAs: ['helm'],
        versionArgs: ['version', '--short'],
      },
    ],
  },
  {
    name: 'temporal',
    version: 'v1.32.1',
    programs: [
      {
        name: 'temporal',
        goPackage: 'go.temporal.io/server/cmd/server',
        file: 'server',
        installedAs: ['temporal-server'],
        versionArgs: ['--version'],
      },
      {
        name: 'temporal-sql',
        goPackage: 'go.temporal.io/server/cmd/tools/sql',
        file: 'sql',
        installedAs: ['temporal-sql-tool'],
        versionArgs: ['--version'],
      },
    ],
  },
  {
    name: 'temporal-ui',
    version: 'v2.54.1',
    programs: [
      {
        name: 'temporal-ui',
        goPackage: '.', // its own main listens on TCP only
        file: 'temporal-ui',
        installedAs: [],
        versionArgs: [],
      },
    ],
  },
];

/** Version of one of these parts. */
export function partVersion(name: string): string {
  const part = parts.find((candidate) => candidate.name === name);
  if (part === undefined) throw new Error(`parts.ts does not list the part ${name}`);
  return part.version;
}

/** What a real node needs beside them. */
export const realNodeParts: readonly Part[] = [
  {
    name: 'containerd',
    version: 'v2.4.2',
    linkerFlags: '-X github.com/containerd/containerd/v2/version.Version=v2.4.2',
    programs: [containerd('containerd'), containerd('containerd-shim-runc-v2', ['-v']), containerd('ctr')],
  },
  {
    name: 'cni-plugins',
    version: 'v1.9.1',
    programs: [cniPlugin('main', 'bridge'), cniPlugin('ipam', 'host-local'), cniPlugin('main', 'loopback')],
  },
  {
    name: 'kubernetes-node',
    version: kubernetesVersion,
    linkerFlags: kubernetesStamp,
    programs: [kubernetes('kubelet'), kubernetes('kube-proxy')],
  },
];

const vclusterVersion = '0.36.0';
const vclusterStamp = `-X github.com/loft-sh/vcluster/pkg/telemetry.SyncerVersion=${vclusterVersion} -X main.version=${vclusterVersion}`;

/** vCluster; its chart comes from the same module (vcluster-chart.ts). */
export const vclusterPart: Part = {
  name: 'vcluster',
  version: `v${vclusterVersion}`,
  linkerFlags: vclusterStamp,
  // Others install the command line under the name of the control plane: neither is looked for.
  programs: [vcluster('vcluster')],
};

/** What test/e2e/stock-cli.test.ts needs: vCluster's own command line, which is vCluster Platform's client too. */
export const stockParts: readonly Part[] = [
  {
    name: 'vcluster-cli',
    module: 'vcluster',
    version: `v${vclusterVersion}`,
    linkerFlags: vclusterStamp,
    programs: [vcluster('vclusterctl')],
  },
];

/** What test/real-node/upstream-vcluster.test.ts needs beside the parts of a real node. */
export const upstreamParts: readonly Part[] = [
  vclusterPart,
  ...stockParts,
  {
    name: 'kine-sqlite',
    module: 'kine',
    version: 'v0.17.5',
    // SQLite is C; loading extensions and looking up users would need the C library at run time.
    cgo: true,
    tags: 'netgo,osusergo,sqlite_omit_load_extension',
    linkerFlags: "-extldflags '-static'",
    programs: [
      {
        name: 'kine-sqlite',
        goPackage: 'github.com/k3s-io/kine',
        file: 'kine',
        installedAs: [],
        versionArgs: [],
      },
    ],
  },
  {
    name: 'coredns',
    version: 'v1.15.0',
    programs: [
      {
        name: 'coredns',
        goPackage: 'github.com/coredns/coredns',
        file: 'coredns',
        installedAs: ['coredns'],
        versionArgs: ['-version'],
      },
    ],
  },
];
