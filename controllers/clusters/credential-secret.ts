import type { KubernetesObject } from '@kubernetes/client-node';
import { applyObject } from '../../adapters/kubernetes/apply-object.ts';
import { type PlatformAccount, platformAccounts } from '../../contracts/agents.ts';
import {
  annotations,
  clusterCredentialSecret,
  managementApiVersion,
  platformNamespace,
  writers,
} from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { Caches, MetadataOnly } from '../caches.ts';
import type { ControllerContext } from '../controller.ts';

/** The Secret with a process's credential for a connected cluster; undefined if there is none. */
export function credentialSecret(
  caches: Caches,
  cluster: string,
  account: PlatformAccount,
): MetadataOnly | undefined {
  return caches.platformSecrets.get(`${platformNamespace}/${clusterCredentialSecret(cluster, account)}`);
}

function credentialSecrets(caches: Caches, cluster: string): (MetadataOnly | undefined)[] {
  return platformAccounts.map((account) => credentialSecret(caches, cluster, account));
}

/** Whether the platform has all of its credentials for a cluster, of now or of before. */
export function isSetUp(caches: Caches, cluster: string): boolean {
  return credentialSecrets(caches, cluster).every((secret) => secret !== undefined);
}

/** Whether somebody put credentials there, which is what connected a cluster before: they stay. */
export function isConnectedByHand(caches: Caches, cluster: string): boolean {
  return credentialSecrets(caches, cluster).some(
    (secret) => secret !== undefined && madeWithOf(secret) === undefined,
  );
}

/** Whether the platform has all of its credentials for a cluster, made with `madeWith`. */
export function areMadeWith(caches: Caches, cluster: string, madeWith: string): boolean {
  return credentialSecrets(caches, cluster).every((secret) => madeWithOf(secret) === madeWith);
}

/** When the first of a cluster's credentials is to be replaced, in milliseconds since 1970; NaN: one does not say. */
export function renewalOf(caches: Caches, cluster: string): number {
  const times = credentialSecrets(caches, cluster).map((secret) =>
    Date.parse(secret?.metadata.annotations?.[annotations.renewAt] ?? ''),
  );
  return Math.min(...times);
}

/** What a credential was made with (`annotations.madeWith`); undefined: somebody put it there. */
function madeWithOf(secret: MetadataOnly | undefined): string | undefined {
  return secret?.metadata.annotations?.[annotations.madeWith];
}

/** Writes the Secrets with these kubeconfigs. @param marks annotations @throws ApiException; what `fetch` throws */
export async function keepCredentials(
  { client }: Pick<ControllerContext, 'client'>,
  cluster: Stored<Cluster>,
  kubeconfigs: Readonly<Record<PlatformAccount, string>>,
  marks: Readonly<Record<string, string>>,
): Promise<void> {
  for (const account of platformAccounts) {
    const secret = secretOf(cluster, account, kubeconfigs[account], marks);
    await applyObject(client.kubeConfig, secret, writers.controllers);
  }
}

/** The Secret, which the Cluster owns, with `kubeconfig`. */
function secretOf(
  { metadata: { name, uid } }: Stored<Cluster>,
  account: PlatformAccount,
  kubeconfig: string,
  marks: Readonly<Record<string, string>>,
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: clusterCredentialSecret(name, account),
      namespace: platformNamespace,
      annotations: marks,
      ownerReferences: [{ apiVersion: managementApiVersion, kind: 'Cluster', name, uid }],
    },
    data: { config: Buffer.from(kubeconfig).toString('base64') },
  } as KubernetesObject;
}

const secretName = new RegExp(`^${platformNamespace}/cluster-(.+)-(?:gateway|worker|controllers)$`);

/** Name of the connected cluster that a Secret of the platform's namespace is a credential for; undefined: of none. */
export function clusterOfSecret(key: string): string | undefined {
  return secretName.exec(key)?.[1];
}
