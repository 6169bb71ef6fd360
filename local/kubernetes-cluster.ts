import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import { managementGroup } from '../contracts/names.ts';
import { auditLog } from './api-server-audit.ts';
import type { egressSelector } from './egress-selector.ts';
import { type EncryptionAtRest, openEncryption } from './encryption-at-rest.ts';
import { type ClusterPki, openClusterPki } from './pki.ts';
import type { PlatformContext } from './platform-context.ts';
import { isApiServerReady } from './probes.ts';
import { kubeApiserver } from './servers/kube-apiserver.ts';
import { kubeControllerManager } from './servers/kube-controller-manager.ts';
import { waitUntil } from './wait-until.ts';

/** One of the two Kubernetes APIs that the embedded platform runs; `name` begins its processes' names. */
export interface KubernetesCluster {
  readonly name: 'management' | 'local';
  readonly dir: string;
  readonly url: string;
  readonly port: number;
  readonly pki: ClusterPki;
  readonly encryption: EncryptionAtRest;
  /** Path of a kubeconfig of `system:masters`. */
  readonly adminKubeconfigFile: string;
  readonly adminKubeconfig: string;
}

/** Loopback addresses: packets to a Service of the platform's own clusters cannot leave the machine. */
const serviceRange = '127.96.0.0/16';

/**
 * What is sealed at rest: what holds secrets, and what people write them into. Tenant clusters and templates have
 * values inline, access keys their hashes.
 */
const sealedResources = {
  management: ['secrets', 'configmaps', `*.${managementGroup}`],
  local: ['secrets', 'configmaps'],
};

/** Keys, address and administrator's kubeconfig of a cluster, before anything of it runs. */
export async function openKubernetesCluster(
  context: PlatformContext,
  name: KubernetesCluster['name'],
): Promise<KubernetesCluster> {
  const dir = name === 'management' ? context.state.managementDir : context.state.localDir;
  const encryption = openEncryption({
    keysFile: join(context.state.secretsDir, `${name}-encryption-keys`),
    dir,
    resources: sealedResources[name],
    isNew: !existsSync(join(dir, 'pki', 'ca.crt')),
  });
  const pki = await openClusterPki(join(dir, 'pki'), `vcluster-platform:${name}`);
  const port = await context.ports.get(`${name}-apiserver`);
  const url = `https://127.0.0.1:${port}`;
  const adminKubeconfig = await pki.kubeconfig(url, 'vcluster-platform:supervisor', ['system:masters']);
  const adminKubeconfigFile = join(dir, 'admin.kubeconfig');
  writePrivateFile(adminKubeconfigFile, adminKubeconfig);
  return { name, dir, url, port, pki, encryption, adminKubeconfig, adminKubeconfigFile };
}

/** Starts the kube-apiserver; resolves when it answers. */
export async function startKubeApiserver(
  context: PlatformContext,
  cluster: KubernetesCluster,
  options: {
    etcdEndpoint: string;
    egress: ReturnType<typeof egressSelector>;
    extraArgs?: readonly string[];
  },
): Promise<void> {
  const { toolchain, supervisor, state } = context;
  const { name, dir, url, port, pki, encryption } = cluster;
  const audit = auditLog(`${name}-apiserver`, state.logsDir, dir);
  const server = kubeApiserver({
    binary: toolchain['kube-apiserver'],
    port,
    etcdEndpoint: options.etcdEndpoint,
    pki: pki.server,
    serviceRange,
    extraArgs: [...audit.args, ...options.egress.args, ...encryption.args, ...(options.extraArgs ?? [])],
  });
  const client = await pki.client('vcluster-platform:supervisor', ['system:masters']);
  const probe = { url, certificateAuthority: pki.authority.certificate, client };
  await supervisor.start({
    name: `${name}-apiserver`,
    program: () => ({ ...server, files: [audit.file, options.egress.file, encryption.file] }),
    ready: (process) => waitUntil(`kube-apiserver (${name})`, () => isApiServerReady(probe), { process }),
  });
}

/**
 * Resolves when the API server has made the roles of Kubernetes' own components, a second after it first answers.
 * Without them these components would be refused, and try again later and later.
 */
export async function waitForComponentRoles({ name, url, pki }: KubernetesCluster): Promise<void> {
  const client = await pki.client('vcluster-platform:supervisor', ['system:masters']);
  const probe = {
    url,
    certificateAuthority: pki.authority.certificate,
    client,
    path: '/readyz/poststarthook/rbac/bootstrap-roles',
  };
  await waitUntil(`the roles of cluster ${name}`, () => isApiServerReady(probe));
}

/** Starts a kube-controller-manager with these controllers, as `--controllers` takes them. */
export async function startKubeControllerManager(
  context: PlatformContext,
  cluster: KubernetesCluster,
  controllers: readonly string[],
): Promise<void> {
  const { toolchain, supervisor } = context;
  const { name, pki } = cluster;
  await waitForComponentRoles(cluster);
  const program = kubeControllerManager({
    binary: toolchain['kube-controller-manager'],
    kubeconfig: await componentKubeconfig(cluster, 'kube-controller-manager'),
    serviceAccountKeyFile: pki.server.serviceAccountKeyFile,
    caFile: pki.server.caFile,
    controllers,
  });
  await supervisor.start({
    name: `${name}-controller-manager`,
    program: () => program,
    ready: async () => undefined,
  });
}

/** Path of a new kubeconfig of a component of the control plane. */
export async function componentKubeconfig(
  { dir, url, pki }: KubernetesCluster,
  component: 'kube-controller-manager' | 'kube-scheduler',
): Promise<string> {
  const file = join(dir, `${component}.kubeconfig`);
  writePrivateFile(file, await pki.kubeconfig(url, `system:${component}`));
  return file;
}
