import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Namespace, V1Pod } from '@kubernetes/client-node';
import { connectCluster } from '../adapters/kubernetes/client.ts';
import { createInformer, type Informer } from '../adapters/kubernetes/informer.ts';
import type { Logger } from '../adapters/logging.ts';
import { takeLock } from '../adapters/processes/exclusive-lock.ts';
import { trimLog } from '../adapters/processes/log-file.ts';
import { PlatformError } from '../contracts/errors.ts';
import { writers } from '../contracts/names.ts';
import type { ProcessNodeConfig } from './config.ts';
import { adoptRun } from './containers/container-run.ts';
import { setsidPath } from './containers/shim.ts';
import { createPodEvents } from './events.ts';
import { parseImageTable } from './images.ts';
import { startKubeletApi } from './kubelet-api.ts';
import type { NodeContext } from './node-context.ts';
import { registerNode } from './node-registration.ts';
import { createPodAddresses } from './pod-addresses.ts';
import { createPodRecords, type PodRecord } from './pod-records.ts';
import { createPodWorker, type PodWorker } from './pod-worker.ts';
import { startProvisioner } from './provisioner.ts';

export interface ProcessNode {
  /** Ends the component and leaves all containers running; the next one on the same folder takes them over. */
  stop(): Promise<void>;
  /** Stops all containers in order, each within its grace, then ends. Their pods start again with the next node. */
  drain(): Promise<void>;
}

type Pod = V1Pod & { metadata: { name: string; uid: string } };
type Namespace = V1Namespace & { metadata: { name: string } };

const logLimitBytes = 10 * 1024 * 1024;
const logCheckMs = 10_000;

/**
 * Starts a node and resolves when it is Ready.
 * @throws PlatformError `state_in_use` if another node runs on the same folder; `invalid_request` for a bad image table
 */
export async function startProcessNode(config: ProcessNodeConfig, logger: Logger): Promise<ProcessNode> {
  const release = await takeLock(`process-node ${config.stateDir}`);
  if (release === undefined)
    throw new PlatformError('state_in_use', `another process node runs on ${config.stateDir}`);
  setsidPath();
  const client = connectCluster(readFileSync(config.kubeconfig, 'utf8'), { writer: writers.node });
  const { kubeConfig } = client;
  const onFailure = (err: unknown) => logger.warn({ err: String(err) }, 'watch interrupted');
  const namespaces = createInformer<Namespace>({ kubeConfig, path: '/api/v1/namespaces', onFailure });
  const server = new URL(kubeConfig.getCurrentCluster()?.server ?? '');
  const context: NodeContext = {
    config,
    client,
    logger,
    apiServer: { host: server.hostname, port: server.port || '443' },
    images: parseImageTable(readFileSync(config.imagesFile, 'utf8')),
    records: createPodRecords(config.stateDir),
    addresses: createPodAddresses(config.podCIDR),
    events: createPodEvents(client, config.nodeName, logger),
    refusalOf: (pod) => refusalOf(pod, namespaces, config.namespaceLabel),
  };
  for (const record of context.records.list()) context.addresses.reserve(record.address);
  const api = await startKubeletApi(context);
  const registration = await registerNode(context, api.port);
  const provisioner = await startProvisioner(context);
  await namespaces.synced;
  const fieldSelector = `spec.nodeName=${config.nodeName}`;
  const pods = createInformer<Pod>({ kubeConfig, path: '/api/v1/pods', fieldSelector, onFailure });
  const workers = followPods(context, pods);
  namespaces.onChange((name) => workers.recheck(name));
  await pods.synced;
  workers.removeOrphans();
  const trimming = setInterval(() => trimLogs(context), logCheckMs);
  const close = async () => {
    clearInterval(trimming);
    registration.stop();
    api.stop();
    await Promise.all([provisioner.stop(), pods.stop(), namespaces.stop()]);
    release();
  };
  return {
    async stop() {
      workers.detach();
      await close();
    },
    async drain() {
      await workers.drain();
      await close();
    },
  };
}

/** Keeps one worker per pod of the node. */
function followPods(context: NodeContext, pods: Informer<Pod>) {
  const workers = new Map<string, { worker: PodWorker; namespace: string }>();
  const uids = new Map<string, string>();
  let closed = false;
  const look = (key: string) => {
    if (closed) return;
    const pod = pods.get(key);
    const before = uids.get(key);
    if (before !== undefined && before !== pod?.metadata.uid) {
      workers.get(before)?.worker.update(undefined);
      workers.delete(before);
      uids.delete(key);
    }
    if (pod === undefined) return;
    const { uid, namespace = '' } = pod.metadata;
    uids.set(key, uid);
    const known = workers.get(uid);
    if (known !== undefined) return known.worker.update(pod);
    workers.set(uid, { worker: createPodWorker(context, pod, openRecord(context, pod)), namespace });
  };
  pods.onChange(look);
  return {
    recheck(namespace: string) {
      for (const entry of workers.values()) if (entry.namespace === namespace) entry.worker.recheck();
    },
    removeOrphans() {
      for (const record of context.records.list())
        if (!workers.has(record.uid)) void removeOrphan(context, record);
    },
    detach() {
      closed = true;
      for (const { worker } of workers.values()) worker.detach();
    },
    async drain() {
      closed = true;
      await Promise.all([...workers.values()].map(({ worker }) => worker.drain()));
    },
  };
}

/** What is remembered of the pod, or a new record; a new sandbox if the machine or the node was stopped since. */
function openRecord({ records, addresses }: NodeContext, pod: Pod): PodRecord {
  const { uid, name, namespace = '' } = pod.metadata;
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const known = records.read(uid);
  if (known !== undefined && known.bootId === bootId && !known.stopped) return known;
  const record: PodRecord =
    known === undefined
      ? { uid, namespace, name, address: addresses.allocate(uid), bootId, sandbox: 0, stopped: false }
      : { ...known, bootId, sandbox: known.sandbox + 1, stopped: false };
  records.write(record);
  return record;
}

function refusalOf(
  pod: V1Pod,
  namespaces: Informer<Namespace>,
  label: string,
): { reason: string; message: string } | undefined {
  const namespace = pod.metadata?.namespace ?? '';
  const [key = '', value] = label.split('=', 2);
  if (namespaces.get(namespace)?.metadata.labels?.[key] === value) return undefined;
  return {
    reason: 'NamespaceNotManaged',
    message: `this node runs pods as processes of its machine, so only in namespaces with the label ${label}; ${namespace} does not have it. Spaces need a connected cluster with real nodes for their pods`,
  };
}

/** Containers write to their logs themselves; one that has grown too large is cut, its part before kept once. */
function trimLogs({ records, logger }: NodeContext): void {
  for (const record of records.list()) {
    try {
      for (const file of records.logFiles(record.uid)) trimLog(file, logLimitBytes);
    } catch (err) {
      logger.debug({ err, folder: join(record.namespace, record.name) }, 'failed to trim logs');
    }
  }
}

/** How long the containers of a deleted pod may take to stop; its spec is gone with it. */
const graceMs = 10_000;

/** Ends what is left of a pod that went from the API while the node was away, and removes its folders. */
async function removeOrphan({ records, addresses, logger }: NodeContext, record: PodRecord): Promise<void> {
  logger.info({ pod: `${record.namespace}/${record.name}`, uid: record.uid }, 'removing a deleted pod');
  const runs = await Promise.all(
    records.logFiles(record.uid).map((file) => adoptRun(file.replace(/\.log$/, ''), file)),
  );
  await Promise.all(
    runs.map(async (run) => {
      if (run === undefined) return;
      run.signal('SIGTERM');
      await Promise.race([run.ended, delay(graceMs)]);
      run.signal('SIGKILL');
      await run.ended;
    }),
  );
  await records.remove(record.uid);
  addresses.free(record.address);
}
