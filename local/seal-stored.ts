import type { KubeConfig } from '@kubernetes/client-node';
import { isNotFound } from '../adapters/kubernetes/failures.ts';
import { requestJson } from '../adapters/kubernetes/request.ts';
import { connectCluster } from '../adapters/kubernetes/client.ts';
import { writers } from '../contracts/names.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import type { PlatformContext } from './platform-context.ts';

interface MetadataList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** Null: there are none. */
  readonly items: ReadonlyArray<{
    readonly metadata: { readonly name: string; readonly namespace?: string };
  }> | null;
}

const pageSize = 500;
const sideBySide = 8;
const onlyNames = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/**
 * Has the API server write again what it stored in clear, or under a key that is not the first any more; does nothing
 * where nothing is due. Objects that admission refuses stay as they are, are reported, and are tried again at the next start.
 * @param lists paths of the collections, as `/api/v1/secrets`
 * @param forget takes out of the store what was replaced, given the newest revision; called if it was in clear
 */
export async function sealStored(
  { onProgress }: PlatformContext,
  { name, encryption, adminKubeconfig }: KubernetesCluster,
  lists: readonly string[],
  forget: (revision: string) => Promise<void>,
): Promise<void> {
  if (encryption.due === 'nothing') return;
  const { kubeConfig } = connectCluster(adminKubeconfig, { writer: writers.bootstrap });
  const refused: string[] = [];
  let written = 0;
  let revision = '';
  for (const list of lists) {
    const objects = await namesIn(kubeConfig, list);
    await inParallel(objects, async (path) => {
      try {
        await writeAnew(kubeConfig, path);
        written += 1;
      } catch (error) {
        if (!isNotFound(error)) refused.push(path);
      }
    });
    revision = (await readPage(kubeConfig, list, '')).metadata.resourceVersion;
  }
  if (encryption.due === 'clear') await forget(revision);
  if (refused.length > 0) {
    onProgress(`cluster ${name}: failed to seal with key ${encryption.key}: ${refused.join(', ')}`);
    return;
  }
  encryption.done();
  onProgress(
    `cluster ${name}: all ${written} objects with secrets are sealed with key ${encryption.key} now`,
  );
}

/** A change of nothing: the API server writes it all the same where what is stored is not sealed with the first key. */
async function writeAnew(kubeConfig: KubeConfig, path: string): Promise<void> {
  await requestJson(kubeConfig, {
    method: 'PATCH',
    path,
    body: {},
    contentType: 'application/merge-patch+json',
    accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  });
}

async function namesIn(kubeConfig: KubeConfig, list: string): Promise<string[]> {
  const base = list.slice(0, list.lastIndexOf('/'));
  const plural = list.slice(list.lastIndexOf('/') + 1);
  const paths: string[] = [];
  let next = '';
  do {
    const page = await readPage(kubeConfig, list, next);
    for (const { metadata } of page.items ?? []) {
      const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
      paths.push(`${base}${scope}/${plural}/${encodeURIComponent(metadata.name)}`);
    }
    next = page.metadata.continue ?? '';
  } while (next !== '');
  return paths;
}

async function readPage(kubeConfig: KubeConfig, list: string, next: string): Promise<MetadataList> {
  const path = `${list}?limit=${pageSize}&continue=${encodeURIComponent(next)}`;
  return (await requestJson(kubeConfig, { path, accept: onlyNames })) as MetadataList;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const one = async (): Promise<void> => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: sideBySide }, one));
}
