import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Container, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { orUndefined } from '../../adapters/kubernetes/failures.ts';
import { egressSelector } from '../../local/egress-selector.ts';
import type { ProcessNodeConfig } from '../../node/config.ts';
import { startApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';

const main = join(import.meta.dirname, '../../node/main.ts');
const kubeletClient = 'test-kubelet-client';

/** A whole small cluster whose only node is a process node. */
export interface NodeCluster {
  readonly client: ClusterClient;
  readonly adminKubeconfig: string;
  readonly config: ProcessNodeConfig;
  /** Ends the node with a signal; resolves when it has ended. */
  endNode(signal: NodeJS.Signals): Promise<void>;
  /** Starts the node (again); resolves when it says it is ready. */
  startNode(): Promise<void>;
  nodeLog(): string;
  /** Drains the node, stops all, removes all folders. */
  stop(): Promise<void>;
}

/** A namespace the node runs pods in. */
export const namespace = 'work';

export async function startNodeCluster(): Promise<NodeCluster> {
  await using undo = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), 'vcp-node-'));
  undo.defer(() => rmSync(dir, { recursive: true, force: true }));
  const file = (name: string, content: string) => {
    writeFileSync(join(dir, name), content, { mode: 0o600 });
    return join(dir, name);
  };
  const authority = await createCertificateAuthority('kubelet');
  const serving = await authority.issue({ commonName: 'node', names: ['127.0.0.1'], usages: ['server'] });
  const calling = await authority.issue({ commonName: kubeletClient, usages: ['client'] });
  const clientCaFile = file('ca.crt', authority.certificate);
  const egressSocket = join(dir, 'egress.sock');
  const egress = egressSelector(dir, egressSocket);
  file('egress-selector.json', egress.file.content);
  const api = await startApiServer({
    controllerManager: true,
    scheduler: true,
    extraArgs: [
      ...egress.args,
      `--kubelet-certificate-authority=${clientCaFile}`,
      `--kubelet-client-certificate=${file('client.crt', calling.certificate)}`,
      `--kubelet-client-key=${file('client.key', calling.key)}`,
      '--kubelet-preferred-address-types=InternalIP',
    ],
  });
  undo.defer(() => api.stop());
  mkdirSync(join(dir, 'shared'));
  const config: ProcessNodeConfig = {
    logLevel: 'info',
    kubeconfig: file('node.conf', await api.kubeconfig('system:node:test', ['system:masters'])),
    nodeName: 'test',
    stateDir: join(dir, 'state'),
    storageDir: join(dir, 'storage'),
    imagesFile: file(
      'images.json',
      JSON.stringify({ busybox: { bin: ['/bin', '/usr/bin'], tags: ['latest'] } }),
    ),
    hostPathPrefixes: [join(dir, 'shared')],
    podCIDR: '127.64.0.0/10',
    namespaceLabel: 'vcluster-platform.io/managed=true',
    kubeletApi: {
      port: 0,
      egressSocket,
      clientCaFile,
      certFile: file('node.crt', serving.certificate),
      keyFile: file('node.key', serving.key),
      clientName: kubeletClient,
    },
  };
  mkdirSync(config.stateDir);
  const configFile = file('config.json', JSON.stringify(config));
  let node: ChildProcess | undefined;
  let output = '';
  const endNode = async (signal: NodeJS.Signals) => {
    if (node === undefined || node.exitCode !== null || node.signalCode !== null) return;
    const ended = once(node, 'exit');
    node.kill(signal);
    await ended;
  };
  const startNode = async () => {
    const from = output.length;
    const child = spawn(process.execPath, [main, '--config', configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    node = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually('the node is ready', () => child.exitCode !== null || output.includes('is ready', from));
    if (child.exitCode !== null) throw new Error(output.slice(from));
  };
  process.once('exit', () => node?.kill('SIGKILL'));
  const client = connectCluster(api.adminKubeconfig);
  undo.defer(() => endNode('SIGUSR2'));
  await startNode();
  await client.core.createNamespace({
    body: { metadata: { name: namespace, labels: { 'vcluster-platform.io/managed': 'true' } } },
  });
  await eventually('the default service account', () =>
    orUndefined(client.core.readNamespacedServiceAccount({ name: 'default', namespace })),
  );
  const started = undo.move();
  return {
    client,
    adminKubeconfig: api.adminKubeconfig,
    config,
    endNode,
    startNode,
    nodeLog: () => output,
    stop: () => started.disposeAsync(),
  };
}

/** A busybox container that runs a shell script. */
export function shell(name: string, script: string, more: Partial<V1Container> = {}): V1Container {
  return { name, image: 'busybox', command: ['sh', '-c', script], ...more };
}

export function pod(name: string, spec: Partial<V1PodSpec> & Pick<V1PodSpec, 'containers'>): V1Pod {
  return { metadata: { name }, spec: { terminationGracePeriodSeconds: 5, ...spec } };
}

/** Creates a pod and waits until `until` holds of it. */
export async function runPod(
  cluster: NodeCluster,
  body: V1Pod,
  until: (pod: V1Pod) => boolean,
  timeoutMs = 120_000,
): Promise<V1Pod> {
  await cluster.client.core.createNamespacedPod({ namespace, body });
  return waitForPod(cluster, body.metadata?.name ?? '', until, timeoutMs);
}

export async function waitForPod(
  cluster: NodeCluster,
  name: string,
  until: (pod: V1Pod) => boolean,
  timeoutMs = 120_000,
): Promise<V1Pod> {
  let last: V1Pod | undefined;
  try {
    return await eventually(
      `pod ${name}`,
      async () => {
        last = await cluster.client.core.readNamespacedPod({ name, namespace });
        return until(last) && last;
      },
      { timeoutMs, intervalMs: 50 },
    );
  } catch (error) {
    throw new Error(`${String(error)}\n${JSON.stringify(last?.status, undefined, 1)}\n${cluster.nodeLog()}`, {
      cause: error,
    });
  }
}

export const isReady = (found: V1Pod) =>
  found.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

export const hasEnded = (found: V1Pod) =>
  found.status?.phase === 'Succeeded' || found.status?.phase === 'Failed';

/** Pids of the machine's processes whose command line contains `text`, shims left out. */
export function processesOf(text: string): number[] {
  const found = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${entry}/cmdline`, 'utf8');
      if (!line.includes(text) || line.includes('vcp-shim') || Number(entry) === process.pid) continue;
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1];
      found.set(Number(entry), Number(parent));
    } catch {
      // It ended meanwhile.
    }
  }
  // What a shell has just forked has its command line until it runs another program.
  return [...found].filter(([, parent]) => !found.has(parent)).map(([pid]) => pid);
}
