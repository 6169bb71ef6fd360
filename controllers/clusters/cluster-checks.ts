import { apiMessage, statusOf } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { createWorkQueue } from '../../adapters/kubernetes/work-queue.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { type ClusterHealth, saidText } from '../../domain/status/cluster-health.ts';
import type { ControllerContext } from '../controller.ts';
import type { AgentClient } from './agent-client.ts';
import { changedClusters } from './agent-records.ts';
import { clusterOfSecret, credentialSecret } from './credential-secret.ts';

/** What the last checks of a cluster showed. */
export interface Checked {
  /** As it was measured last. */
  readonly health: ClusterHealth;
  /** Why the last one failed, for people. */
  readonly fault: string | undefined;
  readonly lastSeen: Date | undefined;
  /** Checks that failed since then. */
  readonly failures: number;
}

/** Checks all connected clusters again and again. */
export interface ClusterChecks {
  get(cluster: string): Checked | undefined;
  stop(): Promise<void>;
}

const pauseMs = 15_000;
/** After a first failure. */
const secondTryMs = 3_000;
const limitMs = 5_000;
/** Clusters that are checked at the same time. */
const atOnce = 8;
/** `Table`s of nodes say no more than `kubectl get nodes`. */
const nodesPath = '/api/v1/nodes?includeObject=None&resourceVersion=0';
/** The controllers may list namespaces there, not read one. */
const kubeSystemPath = '/api/v1/namespaces?fieldSelector=metadata.name%3Dkube-system';
const asTable = 'application/json;as=Table;g=meta.k8s.io;v=v1';

/**
 * How connected clusters are doing, every 15 s: an agent that is connected says it, and a cluster that is dialled
 * (`spec.config`) is asked under the controllers' own rights there.
 * @param onChecked called with the name of each cluster that was checked
 */
export function createClusterChecks(
  { caches, clusters, agents, connect }: ControllerContext,
  onChecked: (cluster: string) => void,
): ClusterChecks {
  const found = new Map<string, Checked & { readonly uid: string }>();
  const queue = createWorkQueue({ handle: check, concurrency: atOnce, groupOf: (name) => name });

  async function check(name: string) {
    const cluster = caches.clusters.get(name);
    if (cluster === undefined) {
      found.delete(name);
      return undefined;
    }
    const ask = wayTo(cluster);
    if (ask === undefined) return undefined;
    const { uid } = cluster.metadata;
    const known = found.get(name);
    const before = known?.uid === uid ? known : undefined;
    const checked = await ask().then(
      (health): Checked => ({
        health: smoothed(before?.health.apiLatencyMs, health),
        fault: undefined,
        lastSeen: new Date(),
        failures: 0,
      }),
      (error: unknown): Checked => ({
        health: before?.health ?? {},
        fault: error instanceof PlatformError ? error.message : apiMessage(error),
        lastSeen: before?.lastSeen,
        failures: (before?.failures ?? 0) + 1,
      }),
    );
    found.set(name, { uid, ...checked });
    onChecked(name);
    return { requeueAfterMs: checked.failures === 1 ? secondTryMs : pauseMs };
  }

  /** How the cluster is asked; undefined: not at all, for now. */
  function wayTo({
    metadata: { name, uid },
    spec,
  }: Stored<Cluster>): (() => Promise<ClusterHealth>) | undefined {
    if (agents.get(uid)?.isThere === true)
      return connect === undefined ? undefined : () => askAgent(connect.client, name);
    const isDialled =
      Boolean(spec.config?.secretName) && credentialSecret(caches, name, 'controllers') !== undefined;
    return isDialled ? () => askCluster(name) : undefined;
  }

  async function askCluster(name: string): Promise<ClusterHealth> {
    const { kubeConfig } = await clusters.client(name);
    const get = (path: string, accept?: string) =>
      requestJson(kubeConfig, { path, accept, signal: AbortSignal.timeout(limitMs) });
    const startedAt = performance.now();
    const { gitVersion } = (await get('/version')) as { gitVersion: string };
    const apiLatencyMs = rounded(performance.now() - startedAt);
    const nodes = await ifAllowed(get(nodesPath, asTable));
    const clusterUID = await ifAllowed(get(kubeSystemPath).then(uidOf));
    return {
      kubernetesVersion: gitVersion,
      apiLatencyMs,
      ...(nodes === undefined ? {} : { nodes: countOf(nodes as NodeTable) }),
      ...(clusterUID === undefined ? {} : { clusterUID }),
    };
  }

  const addNew = (name: string) => {
    if (found.get(name)?.uid !== caches.clusters.get(name)?.metadata.uid) queue.add(name);
  };
  caches.clusters.onChange(addNew);
  caches.platformSecrets.onChange((key) => {
    const name = clusterOfSecret(key);
    if (name !== undefined) addNew(name);
  });
  agents.onChange((uid) => {
    for (const name of changedClusters(caches, uid)) queue.add(name);
  });

  return { get: (name) => found.get(name), stop: () => queue.stop() };
}

/** More than anything has: an administrator there decides what the agent says. */
const mostNodes = 100_000;
const mostMs = 60_000;

async function askAgent(client: AgentClient, name: string): Promise<ClusterHealth> {
  const { clusterUid, kubernetesVersion, apiLatencyMs, nodes } = await client.health(name);
  return {
    clusterUID: saidText(clusterUid),
    kubernetesVersion: saidText(kubernetesVersion),
    apiLatencyMs: rounded(within(apiLatencyMs, mostMs)),
    nodes: { ready: within(nodes.ready, mostNodes), total: within(nodes.total, mostNodes) },
  };
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}

interface NodeTable {
  readonly columnDefinitions: readonly { readonly name: string }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[] | null;
}

/** A node that is ready and cordoned says `Ready,SchedulingDisabled`. */
function countOf({ columnDefinitions, rows }: NodeTable): { ready: number; total: number } {
  const column = columnDefinitions.findIndex(({ name }) => name === 'Status');
  const ready = rows?.filter(({ cells }) => /^Ready(,|$)/.test(String(cells[column])));
  return { ready: ready?.length ?? 0, total: rows?.length ?? 0 };
}

async function ifAllowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === 403) return undefined;
    throw error;
  }
}

/** With a latency that one slow answer changes little. */
function smoothed(before: number | undefined, health: ClusterHealth): ClusterHealth {
  const { apiLatencyMs } = health;
  if (before === undefined || apiLatencyMs === undefined) return health;
  return { ...health, apiLatencyMs: rounded(before + (apiLatencyMs - before) / 4) };
}

/** To a tenth of a millisecond. */
function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function uidOf(list: unknown): string | undefined {
  return (list as { items: { metadata?: { uid?: string } }[] | null }).items?.[0]?.metadata?.uid;
}
