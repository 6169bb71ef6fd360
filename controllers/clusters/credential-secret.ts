import type { KubernetesObject } from '@kubernetes/client-node';
import type { PlatformAccount } from '../../contracts/agents.ts';
import {
  annotations,
  clusterCredentialSecret,
  managementApiVersion,
  platformNamespace,
} from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { Caches, MetadataOnly } from '../caches.ts';

/** The Secret with a process's credential for a connected cluster; undefined if there is none. */
export function credentialSecret(
  caches: Caches,
  cluster: string,
  account: PlatformAccount,
): MetadataOnly | undefined {
  return caches.platformSecrets.get(`${platformNamespace}/${clusterCredentialSecret(cluster, account)}`);
}

/** What a credential was made with (`annotations.madeWith`); undefined: somebody put it there. */
export function madeWithOf(secret: MetadataOnly | undefined): string | undefined {
  return secret?.metadata.annotations?.[annotations.madeWith];
}

/** The Secret, which the Cluster owns, with `kubeconfig`. */
export function secretOf(
  { metadata: { name, uid } }: Stored<Cluster>,
  account: PlatformAccount,
  kubeconfig: string,
  marks: Readonly<Record<string, string>>,
): KubernetesObject {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: clusterCredentialSecret(name, account),
      namespace: platformNamespace,
      annotations: marks,
      ownerReferences: [{ apiVersion: managementApiVersion, kind: 'Cluster', name, uid }],
    },
    data: { config: Buffer.from(kubeconfig).toString('base64') },
  };
  return secret;
}

const secretName = new RegExp(`^${platformNamespace}/cluster-(.+)-(?:gateway|worker|controllers)$`);

/** Name of the connected cluster that a Secret of the platform's namespace is a credential for; undefined: of none. */
export function clusterOfSecret(key: string): string | undefined {
  return secretName.exec(key)?.[1];
}
