import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import type { Writer } from '../../contracts/names.ts';
import { applyObject } from './apply-object.ts';
import type { ClusterClient } from './client.ts';

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

/** Those that others depend on come first; without its service account a token's Secret would be removed again. */
const turns = [['Namespace', 'CustomResourceDefinition'], ['ServiceAccount']];

/**
 * Makes these objects what the manifests say (server-side apply, ours wins), those of a turn side by side.
 * @throws ApiException; what `fetch` throws if the API cannot be reached
 */
export async function applyManifests(
  { kubeConfig }: ClusterClient,
  objects: readonly KubernetesObject[],
  writer: Writer,
): Promise<void> {
  const turnOf = ({ kind = '' }: KubernetesObject) => turns.findIndex((kinds) => kinds.includes(kind));
  for (const turn of [...turns.keys(), -1])
    await Promise.all(
      objects
        .filter((object) => turnOf(object) === turn)
        .map((object) => applyObject(kubeConfig, object, writer)),
    );
}
