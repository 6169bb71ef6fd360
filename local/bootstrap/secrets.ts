import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { platformNamespace } from '../../contracts/names.ts';
import { applyObject } from './apply-manifests.ts';

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
