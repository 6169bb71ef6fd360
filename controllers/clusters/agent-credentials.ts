import { createHash } from 'node:crypto';
import { renderKubeconfig } from '../../adapters/certificates/kubeconfig.ts';
import { applyObject } from '../../adapters/kubernetes/apply-object.ts';
import { kubernetesFailure, statusOf } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import {
  connectTarget,
  type AgentCredentials,
  type PlatformAccount,
  platformAccounts,
} from '../../contracts/agents.ts';
import { annotations, writers } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { type ConditionState, withCondition, withoutCondition } from '../../domain/status/conditions.ts';
import type { MetadataOnly } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { changedClusters } from './agent-records.ts';
import { credentialsCurrent } from './clusters.ts';
import { clusterOfSecret, credentialSecret, madeWithOf, secretOf } from './credential-secret.ts';

/** How often credentials are tried: an administrator there may have taken them back. */
const tryMs = 60_000;
/** Whatever an agent says of its tokens, they are replaced no more and no less often. */
const leastMs = 60_000;
const mostMs = 12 * 3_600_000;

const notConfigured: ConditionState = {
  type: credentialsCurrent,
  status: 'False',
  reason: 'NotConfigured',
  message:
    'The configuration of the controllers does not have "connect", by which clusters with an agent are reached',
};

/**
 * Keeps the credentials of the platform's processes for clusters with an agent (`spec.networkPeer`), which the agent gives:
 * tokens of service accounts there, replaced at half of their lifetime, when another agent is in use and when the
 * cluster refuses them. The Secrets are the Cluster's (it owns them). Condition `CredentialsCurrent` says what is in the way.
 */
export function agentCredentials(context: ControllerContext): Controller {
  const { caches, client, clusters, resources, agents, connect } = context;
  /** By cluster: when its credentials were tried or asked for last, by `performance.now()`. */
  const tried = new Map<string, number>();

  async function reconcile(name: string) {
    const cluster = caches.clusters.get(name);
    if (cluster?.spec.networkPeer !== true || isConnectedByHand(name)) return undefined;
    if (connect === undefined) {
      await say(cluster, notConfigured);
      return resync;
    }
    const agent = agents.get(cluster.metadata.uid);
    if (agent?.isThere !== true) return undefined; // until it comes
    const madeWith = `${cluster.metadata.uid} ${agent.joinId} ${agent.generation} ${hashOf(connect.proxyUrl)}`;
    const dueMs = dueIn(name, madeWith);
    if (dueMs > 0 && !(await isRefused(name))) {
      await say(cluster, undefined);
      return { requeueAfterMs: Math.min(dueMs, tryMs) };
    }
    tried.set(name, performance.now());
    try {
      await renew(cluster, madeWith, await connect.client.credentials(name), connect.proxyUrl);
    } catch (error) {
      const { code, message } = kubernetesFailure('keeping its credentials', error);
      await say(cluster, { type: credentialsCurrent, status: 'False', reason: code, message });
      throw error;
    }
    await say(cluster, undefined);
    return { requeueAfterMs: tryMs };
  }

  function secretsOf(name: string): (MetadataOnly | undefined)[] {
    return platformAccounts.map((account) => credentialSecret(caches, name, account));
  }

  /** Somebody put credentials there: they stay. */
  function isConnectedByHand(name: string): boolean {
    return secretsOf(name).some((secret) => secret !== undefined && madeWithOf(secret) === undefined);
  }

  /** @returns milliseconds until the credentials are to be replaced */
  function dueIn(name: string, madeWith: string): number {
    const secrets = secretsOf(name);
    if (secrets.some((secret) => madeWithOf(secret) !== madeWith)) return 0;
    const times = secrets.map((secret) =>
      Date.parse(secret?.metadata.annotations?.[annotations.renewAt] ?? ''),
    );
    const dueMs = Math.min(...times) - Date.now();
    // A clock that was far off when they were made must not keep them for ever.
    return dueMs <= mostMs ? dueMs : 0;
  }

  async function isRefused(name: string): Promise<boolean> {
    if (performance.now() - (tried.get(name) ?? -tryMs) < tryMs) return false;
    tried.set(name, performance.now());
    try {
      const { kubeConfig } = await clusters.client(name);
      await requestJson(kubeConfig, { path: '/version' });
      return false;
    } catch (error) {
      return statusOf(error) === 401;
    }
  }

  async function renew(
    cluster: Stored<Cluster>,
    madeWith: string,
    credentials: AgentCredentials,
    proxyUrl: string,
  ): Promise<void> {
    const { name } = cluster.metadata;
    const { certificateAuthority, tlsServerName, tokens, expiresAt } = credentials;
    const halfMs = (Date.parse(expiresAt) - Date.now()) / 2;
    const renewAt = new Date(Date.now() + Math.min(Math.max(halfMs, leastMs), mostMs)).toISOString();
    const address = {
      server: `https://${connectTarget.apiServer(name)}`,
      certificateAuthority,
      tlsServerName,
    };
    const kubeconfigOf = (account: PlatformAccount) =>
      renderKubeconfig({
        ...address,
        token: tokens[account],
        // The gateway holds the tunnel itself.
        ...(account === 'gateway' ? {} : { proxyUrl }),
      });
    const marks = {
      [annotations.madeWith]: madeWith,
      [annotations.expiresAt]: new Date(expiresAt).toISOString(),
      [annotations.renewAt]: renewAt,
    };
    for (const account of platformAccounts)
      await applyObject(
        client.kubeConfig,
        secretOf(cluster, account, kubeconfigOf(account), marks),
        writers.controllers,
      );
  }

  async function say(cluster: Stored<Cluster>, state: ConditionState | undefined): Promise<void> {
    const { name, resourceVersion } = cluster.metadata;
    const before = cluster.status?.conditions ?? [];
    const isSetUp = secretsOf(name).every((secret) => secret !== undefined);
    const severity = isSetUp ? 'Warning' : 'Error';
    const conditions =
      state === undefined
        ? withoutCondition(before, credentialsCurrent)
        : withCondition(before, { ...state, severity }, new Date().toISOString());
    if (conditions !== before)
      await resources.clusters.patchStatus({ name }, { conditions }, resourceVersion);
  }

  return {
    name: 'agent-credentials',
    concurrency: 8,
    groupOf: (name) => name,
    reconcile,
    watch(add) {
      caches.clusters.onChange(add);
      agents.onChange((uid) => {
        for (const name of changedClusters(caches, uid)) add(name);
      });
      caches.platformSecrets.onChange((key) => {
        const name = clusterOfSecret(key);
        if (name !== undefined) add(name);
      });
    },
  };
}

/** Of an address with a password, so that another one is noticed. */
function hashOf(proxyUrl: string): string {
  return createHash('sha256').update(proxyUrl).digest('hex').slice(0, 16);
}
