import { countNodes } from '../../adapters/kubernetes/count-nodes.ts';
import { apiMessage, statusOf } from '../../adapters/kubernetes/failures.ts';
import { type KubernetesRequest, requestJson } from '../../adapters/kubernetes/request.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { createWorkQueue } from '../../adapters/kubernetes/work-queue.ts';
import type { PlatformAccount } from '../../contracts/agents.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { type ClusterHealth, saidText } from '../../domain/status/cluster-health.ts';
import type { ControllerContext } from '../controller.ts';
import type { AgentClient } from './agent-client.ts';
import { type Answers, type Checked, type ClusterChecks, failuresToTell } from './checked-cluster.ts';
import { changedClusters } from './agent-records.ts';
import { clusterOfSecret, credentialSecret } from './credential-secret.ts';

/** Random, so that the checks of many clusters spread. With two that fail, one is known to be offline within 30 s. */
const pauseMs = { least: 9_000, most: 13_000 };
/** After a first failure: a credential that was replaced meanwhile is used by then. */
const secondTryMs = 6_000;
const limitMs = 5_000;
/** How often the credentials of the other processes are tried, too. */
const othersMs = 60_000;
/** Clusters that are checked at the same time. */
const atOnce = 16;
/** The controllers may list namespaces there, not read one. */
const kubeSystemPath = '/api/v1/namespaces?fieldSelector=metadata.name%3Dkube-system&resourceVersion=0';
/** Every account may ask who it is. */
const selfPath = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

type Ask = () => Promise<ClusterHealth>;
interface Ways {
  readonly askPlatform?: Ask | undefined;
  readonly askAgent?: Ask | undefined;
}

/**
 * How connected clusters are doing, every 11 s or so. Each is asked by the platform's own way, under the controllers' rights there, for
 * what no one reads without them: that proves the tunnel, the certificate and the credential. Once a minute the gateway and
 * the worker sign in, too. An agent that is connected is asked how it sees its cluster.
 */
export function createClusterChecks({
  caches,
  clusters,
  otherAccounts,
  agents,
  connect,
}: Omit<ControllerContext, 'checks' | 'putBacks'>): ClusterChecks {
  const found = new Map<string, Checked & { readonly uid: string }>();
  /** By cluster: when all credentials were good last, by `performance.now()`. */
  const signedInAt = new Map<string, number>();
  const handlers = new Set<(cluster: string) => void>();
  const queue = createWorkQueue({ handle: check, concurrency: atOnce, groupOf: (name) => name });

  async function check(name: string) {
    const cluster = caches.clusters.get(name);
    const { askPlatform, askAgent } = cluster === undefined ? {} : waysTo(cluster);
    if (cluster === undefined || (askPlatform === undefined && askAgent === undefined)) {
      found.delete(name);
      signedInAt.delete(name);
      return undefined;
    }
    const { uid } = cluster.metadata;
    const known = found.get(name);
    const before = known?.uid === uid ? known : undefined;
    const checked = await asked({ askPlatform, askAgent }, before);
    found.set(name, { uid, ...checked });
    for (const handler of handlers) handler(name);
    const { agent, platform } = checked;
    const haveFailed = agent?.failures === 1 || platform?.failures === 1;
    return { requeueAfterMs: haveFailed ? secondTryMs : between(pauseMs) };
  }

  async function asked({ askPlatform, askAgent }: Ways, before: Checked | undefined): Promise<Checked> {
    const [byAgent, byPlatform] = await Promise.all([
      askAgent && tried(askAgent, before?.agent),
      askPlatform && tried(askPlatform, before?.platform),
    ]);
    const health = { ...before?.health, ...byAgent?.health, ...byPlatform?.health };
    return {
      health: smoothed(before?.health, health),
      platform: byPlatform?.answers,
      agent: byAgent?.answers,
      needsCredentials: byPlatform !== undefined && areBad(byPlatform),
    };
  }

  async function tried(ask: Ask, before: Answers | undefined) {
    try {
      return { health: await ask(), answers: { lastSeen: agents.now(), failures: 0 }, status: undefined };
    } catch (error) {
      // The cluster was not asked.
      if (error instanceof PlatformError && error.code === 'management_unavailable')
        return { health: {}, answers: before, status: undefined };
      const { lastSeen, failures = 0 } = before ?? {};
      const fault = error instanceof PlatformError ? error.message : apiMessage(error);
      return {
        health: {},
        answers: { lastSeen, failures: failures + 1, fault: saidText(fault, maxFault) },
        status: statusOf(error instanceof PlatformError ? error.cause : error),
      };
    }
  }

  /** How the cluster is asked; not at all for now, without an agent or a credential. */
  function waysTo({ metadata: { name, uid }, spec }: Stored<Cluster>): Ways {
    const isKnown = credentialSecret(caches, name, 'controllers') !== undefined;
    if (agents.get(uid)?.isThere === true)
      return {
        askPlatform: isKnown ? () => askThroughAgent(name) : undefined,
        askAgent: connect && (() => askItsAgent(connect.client, name)),
      };
    return { askPlatform: spec.config?.secretName && isKnown ? () => askCluster(name) : undefined };
  }

  async function askThroughAgent(name: string): Promise<ClusterHealth> {
    const { kubeConfig } = await clusters.client(name);
    const signal = AbortSignal.timeout(limitMs);
    const startedAt = performance.now();
    await as('controllers', requestJson(kubeConfig, { path: kubeSystemPath, signal }));
    const platformLatencyMs = rounded(performance.now() - startedAt);
    if (performance.now() - (signedInAt.get(name) ?? -othersMs) >= othersMs) {
      await signInAsOthers(name, signal);
      signedInAt.set(name, performance.now());
    }
    return { platformLatencyMs };
  }

  /** With the credentials of gateway and worker. */
  async function signInAsOthers(name: string, signal: AbortSignal): Promise<void> {
    const request = { method: 'POST', path: selfPath, body: review, signal } as const;
    await Promise.all(
      Object.entries(otherAccounts ?? {}).map(async ([account, theirs]) => {
        if (credentialSecret(caches, name, account as PlatformAccount) === undefined) return;
        const { kubeConfig } = await theirs.client(name);
        await as(account, requestJson(kubeConfig, request));
      }),
    );
  }

  async function askCluster(name: string): Promise<ClusterHealth> {
    const { kubeConfig } = await clusters.client(name);
    const get = (request: KubernetesRequest) =>
      requestJson(kubeConfig, { ...request, signal: AbortSignal.timeout(limitMs) });
    const startedAt = performance.now();
    const { gitVersion } = (await get({ path: '/version' })) as { gitVersion: string };
    const apiLatencyMs = rounded(performance.now() - startedAt);
    const nodes = await ifAllowed(countNodes(get));
    const clusterUID = await ifAllowed(get({ path: kubeSystemPath }).then(uidOf));
    return {
      kubernetesVersion: gitVersion,
      apiLatencyMs,
      ...(nodes === undefined ? {} : { nodes }),
      ...(clusterUID === undefined ? {} : { clusterUID }),
    };
  }

  const addNew = (name: string) => {
    if (found.get(name)?.uid !== caches.clusters.get(name)?.metadata.uid) queue.add(name);
  };
  caches.clusters.onChange(addNew);
  caches.platformSecrets.onChange((key) => {
    const name = clusterOfSecret(key);
    if (name === undefined) return;
    const known = found.get(name)?.platform;
    if (known === undefined) queue.add(name);
    else if (known.failures > 0) queue.addAfter(name, secondTryMs);
  });
  agents.onChange((uid) => {
    for (const name of changedClusters(caches, uid)) queue.add(name);
  });

  return {
    get: (name) => found.get(name),
    onChecked: (handler) => void handlers.add(handler),
    stop: () => queue.stop(),
  };
}

const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
/** Characters of what went wrong: an API server may say much. */
const maxFault = 300;

/** A refusal that names whose credential it is about. @throws PlatformError; what `answer` throws if it is none */
async function as(account: string, answer: Promise<unknown>): Promise<void> {
  await answer.catch((cause: unknown) => {
    const status = statusOf(cause);
    if (status === undefined || status >= 500) throw cause;
    const message = `it refuses the credential of the ${account}: ${apiMessage(cause)}`;
    throw new PlatformError('forbidden', message, { cause });
  });
}

/** Whether other credentials may help. */
function areBad({ status, answers }: { status: number | undefined; answers: Answers | undefined }): boolean {
  return status === 401 || (answers?.failures ?? 0) >= failuresToTell;
}

function between({ least, most }: typeof pauseMs): number {
  return least + Math.random() * (most - least);
}

/** More than anything has: an administrator there decides what the agent says. */
const mostNodes = 100_000;
const mostMs = 60_000;

async function askItsAgent(client: AgentClient, name: string): Promise<ClusterHealth> {
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

async function ifAllowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === 403) return undefined;
    throw error;
  }
}

/** With latencies that one slow answer changes little. */
function smoothed(before: ClusterHealth | undefined, health: ClusterHealth): ClusterHealth {
  const latency = (field: 'apiLatencyMs' | 'platformLatencyMs') => {
    const [known, measured] = [before?.[field], health[field]];
    if (measured === undefined) return {};
    return { [field]: rounded(known === undefined ? measured : known + (measured - known) / 4) };
  };
  return { ...health, ...latency('apiLatencyMs'), ...latency('platformLatencyMs') };
}

/** To a tenth of a millisecond. */
function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function uidOf(list: unknown): string | undefined {
  return (list as { items: { metadata?: { uid?: string } }[] | null }).items?.[0]?.metadata?.uid;
}
