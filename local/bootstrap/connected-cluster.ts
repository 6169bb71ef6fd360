import { join } from 'node:path';
import { type ClusterCredentials, platformNamespaceOf } from '../../adapters/cluster-setup.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { clusterCredentialSecret, connectTarget, identities } from '../../contracts/names.ts';
import type { KubernetesCluster } from '../kubernetes-cluster.ts';
import { readManifests } from '../../adapters/kubernetes/manifests.ts';
import { applyManifests, applyObject, applySecret } from './apply-manifests.ts';

const manifestsDir = join(import.meta.dirname, '..', '..', 'deploy', 'connected-cluster');

/** How workers reach connected clusters: the gateway's CONNECT listener. */
export interface ConnectProxy {
  readonly port: number;
  readonly secret: string;
}

/** Roles of the platform's identities, storage class and policies in a connected cluster. */
export async function applyConnectedClusterResources(client: ClusterClient): Promise<void> {
  await applyObject(client, platformNamespaceOf('local'));
  await applyManifests(client, readManifests(manifestsDir));
}

/** Credentials for the embedded cluster: client certificates of its own authority. */
export async function embeddedCredentials(
  cluster: KubernetesCluster,
  proxy: ConnectProxy,
): Promise<ClusterCredentials> {
  const throughGateway = (identity: string) =>
    cluster.pki.kubeconfig(`https://${connectTarget.apiServer(cluster.name)}`, identity, [], {
      tlsServerName: 'kubernetes',
      proxyUrl: proxyUrl(proxy),
    });
  return {
    gateway: await cluster.pki.kubeconfig(cluster.url, identities.gateway),
    worker: await throughGateway(identities.worker),
    controllers: await throughGateway(identities.controllers),
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
  const processes = ['gateway', 'worker', 'controllers'] as const;
  await Promise.all(
    processes.map((process) =>
      applySecret(management, clusterCredentialSecret(cluster, process), { config: credentials[process] }),
    ),
  );
}
