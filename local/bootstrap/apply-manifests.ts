import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { applyObject as serverSideApply } from '../../adapters/kubernetes/apply-object.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { callManagement } from '../../adapters/kubernetes/failures.ts';
import { platformNamespace, writers } from '../../contracts/names.ts';

/** All objects in the YAML files of these folders, file by file in alphabetical order. */
export function readManifests(...folders: string[]): KubernetesObject[] {
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.yaml'))
      .toSorted()
      .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8'), { version: '1.1' }))
      .map((document) => document.toJS() as KubernetesObject | null)
      .filter((object) => object !== null),
  );
}

/**
 * Brings these objects to what the manifests say (server-side apply, ours wins); those that others depend on
 * (namespaces, custom resource definitions, classes) first, the rest side by side.
 * @throws PlatformError
 */
export async function applyManifests(
  client: ClusterClient,
  objects: readonly KubernetesObject[],
): Promise<void> {
  const first = objects.filter(({ kind }) => kind === 'Namespace' || kind === 'CustomResourceDefinition');
  await Promise.all(first.map((object) => applyObject(client, object)));
  await Promise.all(
    objects.filter((object) => !first.includes(object)).map((object) => applyObject(client, object)),
  );
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
