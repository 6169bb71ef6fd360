import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterClient, connectCluster } from '../../../adapters/kubernetes/client.ts';
import { createLogger } from '../../../adapters/logging.ts';
import type { Program } from '../../../adapters/processes/program.ts';
import { type RunningProcess, writePrivateFile } from '../../../adapters/processes/start-process.ts';
import { openAuthority } from '../../../local/pki.ts';
import { acceptsConnections } from '../../../local/probes.ts';
import { waitUntil } from '../../../local/wait-until.ts';
import { startProvisioner } from '../../../node/provisioner.ts';
import { startApiServer, type TestApiServer } from '../api-server.ts';
import { startChild } from '../child.ts';
import { startTogether } from '../start-together.ts';
import { endContainers, importImageLayout } from './container-commands.ts';
import { containerd, containerdSocket } from './containerd.ts';
import { type ImageConfig, type ImageFiles, writeImageLayout } from './image-layout.ts';
import { kubeProxy, kubeProxyPort } from './kube-proxy.ts';
import { kubelet } from './kubelet.ts';
import { createNodeNetwork, nodeNetwork, removeNodeNetwork } from './network.ts';
import { nodeImages, pauseImage } from './node-images.ts';
import { unmountBelow } from './unmount-below.ts';

/** A Kubernetes cluster of one real node: containerd, kubelet and kube-proxy, with a default StorageClass. */
export interface RealNodeCluster {
  /** Path of a kubeconfig of a member of `system:masters`. */
  readonly kubeconfigFile: string;
  readonly client: ClusterClient;
  readonly nodeName: string;
  /** Makes an image of one layer from files of this machine; pods use it by `name`, which has a tag. */
  importImage(name: string, files: ImageFiles, config?: ImageConfig): Promise<void>;
  /** Ends all containers and servers and removes every mount, bridge, rule and file. */
  close(): Promise<void>;
}

const nodeName = 'real-node';

/** Starts the cluster; resolves when its node is ready. Ask `realNodeAvailable` before. One at a time. */
export async function startRealNodeCluster(): Promise<RealNodeCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'node-'));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rmSync(dir, { recursive: true, force: true }));
  // Mounts of volumes and images, and of the pods' network namespaces.
  for (const folder of [dir, '/run/netns']) undo.defer(unmountBelow(folder));
  createNodeNetwork();
  undo.defer(removeNodeNetwork);
  const start = async (name: string, program: Program): Promise<RunningProcess> => {
    const child = await startChild(name, program, join(dir, 'logs', `${name}.log`));
    undo.defer(() => child.stop());
    return child;
  };
  const importImage = async (name: string, files: ImageFiles, config?: ImageConfig): Promise<void> => {
    const layout = await writeImageLayout(dir, name, files, config);
    await importImageLayout(containerdSocket(dir), layout);
    rmSync(join(layout, '..'), { recursive: true });
  };
  const [api] = await startTogether([startControlPlane(dir, undo), startContainerd(dir, start, undo)]);
  for (const { name, files, config } of nodeImages()) await importImage(name, files, config);
  const node = await startNode(dir, api, start);
  const client = connectCluster(api.adminKubeconfig);
  const provisioner = await startProvisioner({
    client,
    config: { storageDir: join(dir, 'volumes'), nodeName },
    logger: createLogger('provisioner', 'silent'),
  });
  undo.defer(() => provisioner.stop());
  const kubeconfigFile = join(dir, 'admin.kubeconfig');
  writePrivateFile(kubeconfigFile, api.adminKubeconfig);
  await waitUntil('the node', () => isNodeReady(client), { process: node });
  const started = undo.move();
  return { kubeconfigFile, client, nodeName, importImage, close: () => started.disposeAsync() };
}

/** The API server is reached by pods, and reaches the kubelet, whose authority is made here. */
async function startControlPlane(dir: string, undo: AsyncDisposableStack): Promise<TestApiServer> {
  const authority = await openAuthority(kubeletPki(dir), 'kubelet');
  const issue = async (name: string, certificate: Parameters<typeof authority.issue>[0]): Promise<void> => {
    const pair = await authority.issue(certificate);
    writePrivateFile(join(kubeletPki(dir), `${name}.crt`), pair.certificate);
    writePrivateFile(join(kubeletPki(dir), `${name}.key`), pair.key);
  };
  await issue('client', { commonName: 'kube-apiserver', usages: ['client'] });
  await issue('kubelet', { commonName: nodeName, names: [nodeNetwork.nodeAddress], usages: ['server'] });
  const api = await startApiServer({
    controllerManager: true,
    scheduler: true,
    names: [nodeNetwork.apiServerAddress, nodeNetwork.nodeAddress],
    extraArgs: [
      '--bind-address=0.0.0.0',
      `--advertise-address=${nodeNetwork.nodeAddress}`,
      '--endpoint-reconciler-type=lease',
      `--service-cluster-ip-range=${nodeNetwork.serviceRange}`,
      '--authorization-mode=Node',
      '--allow-privileged=true',
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-certificate-authority=${join(kubeletPki(dir), 'ca.crt')}`,
      `--kubelet-client-certificate=${join(kubeletPki(dir), 'client.crt')}`,
      `--kubelet-client-key=${join(kubeletPki(dir), 'client.key')}`,
    ],
  });
  undo.defer(() => api.stop());
  return api;
}

async function startContainerd(
  dir: string,
  start: (name: string, program: Program) => Promise<RunningProcess>,
  undo: AsyncDisposableStack,
): Promise<void> {
  const child = await start('containerd', containerd(dir, pauseImage));
  const socket = containerdSocket(dir);
  await waitUntil('containerd', () => acceptsConnections(socket), { process: child });
  undo.defer(() => endContainers(socket));
}

async function startNode(
  dir: string,
  api: TestApiServer,
  start: (name: string, program: Program) => Promise<RunningProcess>,
): Promise<RunningProcess> {
  const kubeconfigOf = async (name: string, user: string, groups: string[]): Promise<string> => {
    const file = join(dir, `${name}.kubeconfig`);
    writePrivateFile(file, await api.kubeconfig(user, groups));
    return file;
  };
  mkdirSync(join(dir, 'kubelet'), { recursive: true });
  const running = await start(
    'kubelet',
    kubelet({
      dir,
      nodeName,
      kubeconfig: await kubeconfigOf('kubelet', `system:node:${nodeName}`, ['system:nodes']),
      certificateFile: join(kubeletPki(dir), 'kubelet.crt'),
      keyFile: join(kubeletPki(dir), 'kubelet.key'),
      clientCaFile: join(kubeletPki(dir), 'ca.crt'),
    }),
  );
  const proxy = { nodeName, kubeconfig: await kubeconfigOf('kube-proxy', 'system:kube-proxy', []) };
  const proxying = await start('kube-proxy', kubeProxy(proxy));
  await waitUntil('kube-proxy', async () => (await fetch(`http://127.0.0.1:${kubeProxyPort}/`)).status > 0, {
    process: proxying,
  });
  return running;
}

async function isNodeReady(client: ClusterClient): Promise<boolean> {
  const { status } = await client.core.readNode({ name: nodeName });
  return (
    status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ??
    false
  );
}

function kubeletPki(dir: string): string {
  return join(dir, 'kubelet-pki');
}
