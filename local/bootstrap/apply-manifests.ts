import type { KubernetesObject } from '@kubernetes/client-node';
import { applyObject as serverSideApply } from '../../adapters/kubernetes/apply-object.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { callManagement } from '../../adapters/kubernetes/failures.ts';
import { applyManifests as applyAll } from '../../adapters/kubernetes/manifests.ts';
import { platformNamespace, writers } from '../../contracts/names.ts';

/** Makes these objects what the manifests say, as the bootstrap. @throws PlatformError */
export async function applyManifests(
  client: ClusterClient,
  objects: readonly KubernetesObject[],
): Promise<void> {
  await callManagement('applying manifests', applyAll(client, objects, writers.bootstrap));
}

/** Server-side apply of one object. @throws PlatformError */
export async function applyObject(client: ClusterClient, object: KubernetesObject): Promise<void> {
  await callManagement(
    `applying ${object.kind} ${object.metadata?.name}`,
    serverSideApply(client.kubeConfig, object, writers.bootstrap),
  );
}

/** Writes a Secret with these texts, in the platform's namespace if no other is given. */
export async function applySecret(
  client: ClusterClient,
  name: string,
  texts: Record<string, string>,
  namespace = platformNamespace,
): Promise<void> {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data };
  await applyObject(client, secret);
}
