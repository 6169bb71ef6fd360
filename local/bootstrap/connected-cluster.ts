import {
  type ClusterCredentials,
  clusterManifests,
  platformNamespaceOf,
} from '../../adapters/cluster-setup.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { connectTarget, platformAccounts } from '../../contracts/agents.ts';
import { clusterCredentialSecret, identities } from '../../contracts/names.ts';
import type { KubernetesCluster } from '../kubernetes-cluster.ts';
import { applyManifests, applyObject, applySecret } from './apply-manifests.ts';

/** How workers reach connected clusters: the gateway's CONNECT listener. */
export interface ConnectProxy {
  readonly port: number;
  readonly secret: string;
}

/** Kubeconfigs for connected cluster `local`: the agent's reaches it, and the others lead through the agent. */
export interface LocalCredentials extends ClusterCredentials {
  readonly agent: string;
}

/** Roles of the platform's identities, storage class and policies in a connected cluster. */
export async function applyConnectedClusterResources(client: ClusterClient): Promise<void> {
  await applyObject(client, platformNamespaceOf('local'));
  await applyManifests(client, clusterManifests('agent'));
}

/** Credentials for the embedded cluster: client certificates of its own authority. All but the agent go through its tunnel. */
export async function embeddedCredentials(
  cluster: KubernetesCluster,
  proxy: ConnectProxy,
): Promise<LocalCredentials> {
  const tunnelled = (identity: string, proxyUrl?: string) =>
    cluster.pki.kubeconfig(`https://${connectTarget.apiServer(cluster.name)}`, identity, [], {
      tlsServerName: 'kubernetes',
      ...(proxyUrl === undefined ? {} : { proxyUrl }),
    });
  return {
    gateway: await tunnelled(identities.gateway),
    worker: await tunnelled(identities.worker, proxyUrl(proxy)),
    controllers: await tunnelled(identities.controllers, proxyUrl(proxy)),
    agent: await cluster.pki.kubeconfig(cluster.url, identities.agent),
  };
}

/** Where a worker dials through. */
export function proxyUrl({ port, secret }: ConnectProxy): string {
  return `http://worker:${secret}@127.0.0.1:${port}`;
}

/** Keeps a cluster's credentials where gateway and worker look for them. */
export async function storeCredentials(
  management: ClusterClient,
  cluster: string,
  credentials: ClusterCredentials,
): Promise<void> {
  await Promise.all(
    platformAccounts.map((account) =>
      applySecret(management, clusterCredentialSecret(cluster, account), { config: credentials[account] }),
    ),
  );
}
