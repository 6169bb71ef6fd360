import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectCluster } from '../adapters/kubernetes/client.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import { writers } from '../contracts/names.ts';
import type { ProcessNodeConfig } from '../node/config.ts';
import { egressSelector } from './egress-selector.ts';
import { forgetInEtcd } from './forget-clear-values.ts';
import {
  componentKubeconfig,
  type KubernetesCluster,
  startKubeApiserver,
  startKubeControllerManager,
  waitForComponentRoles,
} from './kubernetes-cluster.ts';
import { writeImages } from './node-images.ts';
import { nodeProgram } from './node-program.ts';
import type { PlatformContext } from './platform-context.ts';
import { acceptsConnections } from './probes.ts';
import { sealStored } from './seal-stored.ts';
import { etcd, etcdEndpoint } from './servers/etcd.ts';
import { kubeScheduler } from './servers/kube-scheduler.ts';
import { waitUntil } from './wait-until.ts';

const nodeName = 'local';
const kubeletClient = 'vcluster-platform:kube-apiserver-kubelet-client';

/**
 * All controllers but those of Endpoints: pods have loopback addresses, which EndpointSlices refuse, and who
 * dials a Service here looks up its selector.
 */
const controllers = [
  '*',
  '-endpoints-controller',
  '-endpointslice-controller',
  '-endpointslice-mirroring-controller',
];

/** Starts the embedded connected cluster; resolves when its API answers and its node is ready. */
export async function startLocalCluster(context: PlatformContext, cluster: KubernetesCluster): Promise<void> {
  await startEtcd(context);
  const kubelet = await kubeletClientFiles(cluster);
  await startKubeApiserver(context, cluster, {
    etcdEndpoint: etcdEndpoint({ socketDir: context.state.localSocketDir }),
    egress: egressSelector(cluster.dir, egressSocket(context)),
    extraArgs: [
      `--kubelet-certificate-authority=${cluster.pki.server.caFile}`,
      `--kubelet-client-certificate=${kubelet.certificateFile}`,
      `--kubelet-client-key=${kubelet.keyFile}`,
      '--kubelet-preferred-address-types=InternalIP',
    ],
  });
  await Promise.all([
    startKubeControllerManager(context, cluster, controllers),
    startScheduler(context, cluster),
    startNode(context, cluster),
    sealStored(context, cluster, ['/api/v1/secrets', '/api/v1/configmaps'], (revision) =>
      forgetInEtcd(context, revision),
    ),
  ]);
}

/** Where the API server asks the process node for its kubelet API: the only thing here that it has to dial. */
function egressSocket({ state }: PlatformContext): string {
  return join(state.localSocketDir, 'egress.sock');
}

async function startEtcd({ state, toolchain, supervisor }: PlatformContext): Promise<void> {
  const socketDir = state.localSocketDir;
  const program = etcd({ binary: toolchain.etcd, dataDir: join(state.localDir, 'etcd'), socketDir });
  const socket = etcdEndpoint({ socketDir }).slice('unix://'.length);
  await supervisor.start({
    name: 'local-etcd',
    program: () => program,
    ready: (process) => waitUntil('etcd', () => acceptsConnections(socket), { process, intervalMs: 20 }),
  });
}

async function startScheduler(context: PlatformContext, cluster: KubernetesCluster): Promise<void> {
  await waitForComponentRoles(cluster);
  const kubeconfig = await componentKubeconfig(cluster, 'kube-scheduler');
  const program = kubeScheduler({ binary: context.toolchain['kube-scheduler'], kubeconfig });
  await context.supervisor.start({
    name: 'local-scheduler',
    program: () => program,
    ready: async () => undefined,
  });
}

async function startNode(context: PlatformContext, cluster: KubernetesCluster): Promise<void> {
  const configFile = await writeNodeConfig(context, cluster);
  const main = join(import.meta.dirname, '..', 'node', 'main.ts');
  const { core } = connectCluster(cluster.adminKubeconfig, { writer: writers.bootstrap });
  await context.supervisor.start({
    name: 'node',
    // SIGUSR2 stops its pods too; after a crash it is only replaced, and the next one takes over running pods.
    program: () => ({
      ...nodeProgram([main, '--config', configFile]),
      stopSignal: 'SIGUSR2',
      leftoverSignal: 'SIGTERM',
      stopGraceMs: 60_000,
    }),
    ready: (child) =>
      waitUntil(
        'the process node',
        async () => {
          const node = await core.readNode({ name: nodeName });
          return (
            node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
            false
          );
        },
        { process: child },
      ),
  });
}

async function writeNodeConfig(context: PlatformContext, cluster: KubernetesCluster): Promise<string> {
  const { state, ports, toolchain } = context;
  const dir = join(cluster.dir, 'node-keys');
  const kubeconfig = join(cluster.dir, 'node.kubeconfig');
  // The node also provisions volumes and reads namespaces, more than a kubelet may: it is part of the control plane.
  writePrivateFile(
    kubeconfig,
    await cluster.pki.kubeconfig(cluster.url, `system:node:${nodeName}`, ['system:masters']),
  );
  const serving = await cluster.pki.authority.issue({
    commonName: `system:node:${nodeName}`,
    names: [nodeName, 'localhost', '127.0.0.1'],
    usages: ['server'],
  });
  const [certFile, keyFile] = [join(dir, 'kubelet.crt'), join(dir, 'kubelet.key')];
  writePrivateFile(certFile, serving.certificate);
  writePrivateFile(keyFile, serving.key);
  const config: Partial<ProcessNodeConfig> = {
    kubeconfig,
    nodeName,
    stateDir: folder(cluster.dir, 'node'),
    imagesFile: writeImages({ dir: join(cluster.dir, 'images'), toolchain }),
    storageDir: folder(cluster.dir, 'volumes'),
    hostPathPrefixes: [state.snapshotsDir],
    podCIDR: podRange(join(cluster.dir, 'pod-range')),
    kubeletApi: {
      port: await ports.get('local-node'),
      egressSocket: egressSocket(context),
      certFile,
      keyFile,
      clientCaFile: cluster.pki.server.caFile,
      clientName: kubeletClient,
    },
  };
  const file = join(state.configDir, 'node.json');
  writePrivateFile(file, JSON.stringify(config, undefined, 2));
  return file;
}

async function kubeletClientFiles({
  dir,
  pki,
}: KubernetesCluster): Promise<{ certificateFile: string; keyFile: string }> {
  const [certificateFile, keyFile] = [
    join(dir, 'node-keys', 'client.crt'),
    join(dir, 'node-keys', 'client.key'),
  ];
  const client = await pki.client(kubeletClient);
  writePrivateFile(certificateFile, client.certificate);
  writePrivateFile(keyFile, client.key);
  return { certificateFile, keyFile };
}

/** A range of 4096 loopback addresses, kept: pods of two platforms on one machine should not get the same ones. */
function podRange(file: string): string {
  if (!existsSync(file)) writePrivateFile(file, `127.${randomInt(64, 96)}.${randomInt(16) * 16}.0/20`);
  return readFileSync(file, 'utf8');
}

function folder(...names: [string, string]): string {
  const dir = join(...names);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}
