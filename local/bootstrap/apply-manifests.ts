import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject } from '@kubernetes/client-node';
import { applyObject as serverSideApply } from '../../adapters/kubernetes/apply-object.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { callManagement } from '../../adapters/kubernetes/failures.ts';
import { applyManifests as applyAll } from '../../adapters/kubernetes/manifests.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { platformNamespace, writers } from '../../contracts/names.ts';

const attempts = 4;
const pauseMs = 1_000;

/** Makes these objects what the manifests say, as the bootstrap. @throws PlatformError */
export async function applyManifests(
  client: ClusterClient,
  objects: readonly KubernetesObject[],
): Promise<void> {
  await patiently(() => callManagement('applying manifests', applyAll(client, objects, writers.bootstrap)));
}

/** On a busy machine an API server that has just started may take longer than a request waits for it. */
async function patiently(apply: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await apply();
      return;
    } catch (error) {
      const passes = error instanceof PlatformError && error.code === 'management_unavailable';
      if (!passes || attempt === attempts) throw error;
      await delay(pauseMs);
    }
  }
}

/** Server-side apply of one object. @throws PlatformError */
export async function applyObject(client: ClusterClient, object: KubernetesObject): Promise<void> {
  const what = `applying ${object.kind} ${object.metadata?.name}`;
  await patiently(() => callManagement(what, serverSideApply(client.kubeConfig, object, writers.bootstrap)));
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
