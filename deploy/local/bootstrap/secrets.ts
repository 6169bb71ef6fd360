import type { ClusterClient } from '../../../adapters/kubernetes/client.ts';
import { platformNamespace } from '../../../contracts/names.ts';
import { applyObject } from './apply-manifests.ts';

/** Writes a Secret of the platform's namespace with these texts. */
export async function applySecret(
  client: ClusterClient,
  name: string,
  texts: Record<string, string>,
): Promise<void> {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: platformNamespace }, data };
  await applyObject(client, secret);
}
