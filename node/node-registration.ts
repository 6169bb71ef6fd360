import { readFileSync, statfsSync } from 'node:fs';
import { arch, availableParallelism, release, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Node } from '@kubernetes/client-node';
import { backoffMs } from '../adapters/backoff.ts';
import { isConflict } from '../adapters/kubernetes/failures.ts';
import { requestJson } from '../adapters/kubernetes/request.ts';
import { writers } from '../contracts/names.ts';
import type { NodeContext } from './node-context.ts';

/** Keeps the Node object and its lease; `stop` ends the heartbeat and leaves the node as it is. */
export interface NodeRegistration {
  stop(): void;
}

/** As kubelet: the lease every 10 s shows that the node is alive, the status every 5 min shows its state. */
const leaseIntervalMs = 10_000;
const leaseSeconds = 40;
const statusEvery = 30;

/** Registers the node as Ready; resolves when the API server has it, however long that takes. */
export async function registerNode(context: NodeContext, apiPort: number): Promise<NodeRegistration> {
  const stopping = new AbortController();
  const { logger } = context;
  for (let failures = 0; ; failures += 1) {
    try {
      await writeNode(context, apiPort);
      await renewLease(context);
      break;
    } catch (err) {
      logger.warn({ err }, 'the node is not registered yet');
      await delay(backoffMs(failures, 100, 5_000));
    }
  }
  void heartbeat(context, apiPort, stopping.signal);
  return { stop: () => stopping.abort() };
}

async function heartbeat(context: NodeContext, apiPort: number, signal: AbortSignal): Promise<void> {
  for (let beat = 1; ; beat += 1) {
    await delay(leaseIntervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await renewLease(context);
      if (beat % statusEvery === 0) await writeNode(context, apiPort);
    } catch (err) {
      context.logger.warn({ err }, 'failed to write heartbeat');
    }
  }
}

async function writeNode({ client, config }: NodeContext, apiPort: number): Promise<void> {
  const { gitVersion } = (await requestJson(client.kubeConfig, { path: '/version' })) as {
    gitVersion: string;
  };
  const body = nodeObject(config.nodeName, config.stateDir, apiPort, gitVersion);
  try {
    await client.core.createNode({ body });
  } catch (error) {
    if (!isConflict(error)) throw error;
    const contentType = 'application/strategic-merge-patch+json';
    const path = `/api/v1/nodes/${config.nodeName}`;
    const { metadata, status } = body;
    await requestJson(client.kubeConfig, { method: 'PATCH', path, body: { metadata }, contentType });
    await requestJson(client.kubeConfig, {
      method: 'PATCH',
      path: `${path}/status`,
      body: { status },
      contentType,
    });
  }
}

function nodeObject(name: string, stateDir: string, apiPort: number, kubeletVersion: string): V1Node {
  const disk = statfsSync(stateDir);
  const resources = {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor((disk.blocks * disk.bsize) / 1024)}Ki`,
    pods: '500',
  };
  const architecture = { x64: 'amd64' }[arch() as 'x64'] ?? arch();
  const now = new Date();
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    message: '',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  const machineID = firstLine('/etc/machine-id');
  return {
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': architecture,
        'vcluster-platform.io/process-node': 'true',
      },
    },
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: apiPort } },
      conditions: [
        condition('Ready', 'True', 'ProcessNodeReady'),
        condition('MemoryPressure', 'False', 'NotMeasured'),
        condition('DiskPressure', 'False', 'NotMeasured'),
        condition('PIDPressure', 'False', 'NotMeasured'),
      ],
      nodeInfo: {
        architecture,
        operatingSystem: 'linux',
        bootID: firstLine('/proc/sys/kernel/random/boot_id'),
        machineID,
        systemUUID: machineID,
        kernelVersion: release(),
        osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(text('/etc/os-release'))?.[1] ?? 'Linux',
        containerRuntimeVersion: 'process://1',
        kubeletVersion,
        kubeProxyVersion: '',
      },
    },
  };
}

async function renewLease({ client, config }: NodeContext): Promise<void> {
  const { nodeName } = config;
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const spec = {
    holderIdentity: nodeName,
    leaseDurationSeconds: leaseSeconds,
    renewTime: new Date().toISOString().replace('Z', '000Z'),
  };
  const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: nodeName }, spec };
  // Server-side apply makes the lease or renews it.
  const path = `${leases}/${nodeName}?fieldManager=${writers.node}&force=true`;
  await requestJson(client.kubeConfig, {
    method: 'PATCH',
    path,
    body,
    contentType: 'application/apply-patch+yaml',
  });
}

function firstLine(file: string): string {
  return text(file).split('\n', 1)[0] ?? '';
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // a machine without that file
  }
}
