import { createHash } from 'node:crypto';
import { renderKubeconfig } from '../../adapters/certificates/kubeconfig.ts';
import { kubernetesFailure } from '../../adapters/kubernetes/failures.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { connectTarget, type AgentCredentials, type PlatformAccount } from '../../contracts/agents.ts';
import { annotations } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import type { Problem } from '../instances/instance-conditions.ts';
import { changedClusters } from './agent-records.ts';
import { setClusterConditions } from './cluster-conditions.ts';
import { credentialsCurrent } from './clusters.ts';
import {
  areMadeWith,
  clusterOfSecret,
  isConnectedByHand,
  isSetUp,
  keepCredentials,
  renewalOf,
} from './credential-secret.ts';

/** Whatever an agent says of its tokens, they are replaced no more and no less often. */
const leastMs = 60_000;
const mostMs = 12 * 3_600_000;

/** What is in the way; how bad that is depends on whether there are credentials. */
type Obstacle = Omit<Problem, 'severity'>;

const notConfigured: Obstacle = {
  reason: 'NotConfigured',
  message:
    'The configuration of the controllers does not have "connect", by which clusters with an agent are reached',
};

/**
 * Keeps the credentials of the platform's processes for clusters with an agent (`spec.networkPeer`), which the agent gives:
 * tokens of service accounts there, replaced at half of their lifetime, when another agent is in use and when the
 * cluster cannot be used with them (cluster-checks.ts). The Secrets are the Cluster's (it owns them). Condition `CredentialsCurrent` says what is in the way.
 */
export function agentCredentials(context: ControllerContext): Controller {
  const { caches, agents, checks, connect } = context;
  /** By cluster: when it got credentials last, by `performance.now()`. */
  const given = new Map<string, number>();

  async function reconcile(name: string) {
    const cluster = caches.clusters.get(name);
    if (cluster?.spec.networkPeer !== true || isConnectedByHand(caches, name)) return undefined;
    if (connect === undefined) {
      await say(cluster, notConfigured);
      return resync;
    }
    const agent = agents.get(cluster.metadata.uid);
    if (agent?.isThere !== true) return undefined; // until it comes
    const madeWith = `${cluster.metadata.uid} ${agent.joinId} ${agent.generation} ${hashOf(connect.proxyUrl)}`;
    const dueMs = dueIn(name, madeWith);
    if (dueMs > 0 && !areBad(name)) {
      await say(cluster, undefined);
      return { requeueAfterMs: dueMs };
    }
    try {
      await renew(cluster, madeWith, await connect.client.credentials(name), connect.proxyUrl);
    } catch (error) {
      const { code, message } = kubernetesFailure('keeping its credentials', error);
      await say(cluster, { reason: code, message });
      throw error;
    }
    given.set(name, performance.now());
    await say(cluster, undefined);
    return { requeueAfterMs: leastMs };
  }

  /** @returns milliseconds until the credentials are to be replaced */
  function dueIn(name: string, madeWith: string): number {
    if (!areMadeWith(caches, name, madeWith)) return 0;
    const dueMs = renewalOf(caches, name) - Date.now();
    // A clock that was far off when they were made must not keep them for ever.
    return dueMs <= mostMs ? dueMs : 0;
  }

  /** An administrator there may have taken one back, or the certificate is another. Those that were just given are tried for a while. */
  function areBad(name: string): boolean {
    return (
      checks.get(name)?.needsCredentials === true &&
      performance.now() - (given.get(name) ?? -leastMs) >= leastMs
    );
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
    const kubeconfigOf = (account: PlatformAccount, proxy: { proxyUrl?: string } = { proxyUrl }) =>
      renderKubeconfig({ ...address, token: tokens[account], ...proxy });
    const marks = {
      [annotations.madeWith]: madeWith,
      [annotations.expiresAt]: new Date(expiresAt).toISOString(),
      [annotations.renewAt]: renewAt,
    };
    const kubeconfigs = {
      gateway: kubeconfigOf('gateway', {}), // it holds the tunnel itself
      worker: kubeconfigOf('worker'),
      controllers: kubeconfigOf('controllers'),
    };
    await keepCredentials(context, cluster, kubeconfigs, marks);
  }

  async function say(cluster: Stored<Cluster>, obstacle: Obstacle | undefined): Promise<void> {
    const severity = isSetUp(caches, cluster.metadata.name) ? 'Warning' : 'Error';
    await setClusterConditions(context, cluster, {
      [credentialsCurrent]: obstacle && { ...obstacle, severity },
    });
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
      checks.onChecked((name) => {
        if (areBad(name)) add(name);
      });
    },
  };
}

/** Of an address with a password, so that another one is noticed. */
function hashOf(proxyUrl: string): string {
  return createHash('sha256').update(proxyUrl).digest('hex').slice(0, 16);
}
