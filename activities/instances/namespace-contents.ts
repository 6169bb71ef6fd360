import type { OwnedNamespace } from '../../adapters/host-namespaces.ts';
import { discoverGroups } from '../../adapters/kubernetes/discovery.ts';
import { callKubernetes, statusOf } from '../../adapters/kubernetes/failures.ts';
import {
  isUnknownGroup,
  listNamespaced,
  namespacedResources,
} from '../../adapters/kubernetes/namespaced-objects.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';

/** What runs, and what holds data. A claim stays until no pod uses it (Kubernetes' own finalizer). */
const first = ['pods', 'persistentvolumeclaims'];
/** Keys and credentials: pods that end may still read them. */
const then = ['secrets'];
/** Deletes under way at a time, and lists. */
const atOnce = 8;
const scanEveryMs = 1_000;
/** Of every namespace: the namespace controller takes it away when the namespace is empty. */
const ownFinalizer = 'kubernetes';

/** The contents of one namespace that is being deleted, as it is looked at again and again. */
interface NamespaceContents {
  /**
   * Deletes pods, claims and Secrets, each with its own grace, and says whether all of them are gone. What may not be deleted is left to
   * Kubernetes. Only once the namespace is being deleted: nothing new is made in it then.
   * @throws PlatformError `cluster_unreachable`
   */
  areDeleted(host: OwnedNamespace): Promise<boolean>;
  /**
   * Whether something in it, or the namespace itself, has a finalizer, so that others have to do something before it
   * can go; also true if not all kinds of its cluster are known. Kinds that the worker may not list do not count. Reads only.
   * @throws PlatformError `cluster_unreachable`
   */
  areHeld(host: OwnedNamespace): Promise<boolean>;
}

/** @param find the namespace as it is now, proven again */
export function namespaceContents(find: () => Promise<OwnedNamespace | undefined>): NamespaceContents {
  let deleted = false;
  let scannedAt = -Infinity;

  /** Whether there were none. */
  async function deleteAll(host: OwnedNamespace, resources: readonly string[]): Promise<boolean> {
    const present: { resource: string; metadata: ObjectMeta }[] = [];
    await Promise.all(
      resources.map(async (resource) => {
        for await (const objects of listNamespaced(host.client.kubeConfig, host.name, {
          base: '/api/v1',
          resource,
        }))
          present.push(...objects.map((metadata) => ({ resource, metadata })));
      }),
    );
    const staying = present.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    // What was listed belongs to the namespace that was proven only if that is there still: another of its name may be another's.
    if (staying.length > 0 && uidOf(await find()) === uidOf(host))
      await inChunks(staying, ({ resource, metadata }) => deleteOne(host, resource, metadata));
    return present.length === 0;
  }

  return {
    async areDeleted(host) {
      if (host.namespace.metadata?.deletionTimestamp === undefined) return false;
      deleted ||= await callKubernetes(
        `emptying namespace ${host.name}`,
        async () => (await deleteAll(host, first)) && (await deleteAll(host, then)),
      );
      return deleted;
    },

    async areHeld(host) {
      const { metadata, spec } = host.namespace;
      const own = [...(metadata?.finalizers ?? []), ...(spec?.finalizers ?? [])];
      if (own.some((name) => name !== ownFinalizer)) return true;
      if (performance.now() - scannedAt < scanEveryMs) return true;
      const held = await callKubernetes(`reading namespace ${host.name}`, () => holdsFinalizers(host));
      scannedAt = performance.now();
      return held;
    },
  };
}

async function holdsFinalizers(host: OwnedNamespace): Promise<boolean> {
  const groups = await discoverGroups(host.client.kubeConfig);
  if (groups.some(isUnknownGroup)) return true;
  let held = false;
  await inChunks(groups.flatMap(namespacedResources), async ({ base, resource }) => {
    held ||= await hasFinalizer(host, base, resource);
  });
  return held;
}

async function hasFinalizer(host: OwnedNamespace, base: string, resource: string): Promise<boolean> {
  try {
    for await (const objects of listNamespaced(host.client.kubeConfig, host.name, { base, resource }))
      if (objects.some(({ finalizers = [] }) => finalizers.length > 0)) return true;
  } catch (error) {
    // Not the worker's to see, or gone since it was asked for.
    if (![403, 404, 405].includes(statusOf(error) ?? 0)) throw error;
  }
  return false;
}

async function deleteOne(
  { client: { kubeConfig }, name }: OwnedNamespace,
  resource: string,
  { name: object, uid }: ObjectMeta,
): Promise<void> {
  const path = `/api/v1/namespaces/${name}/${resource}/${object}`;
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid } };
  await requestJson(kubeConfig, { method: 'DELETE', path, body }).catch((error: unknown) => {
    if (![403, 404, 409].includes(statusOf(error) ?? 0)) throw error;
  });
}

async function inChunks<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let index = 0; index < items.length; index += atOnce)
    await Promise.all(items.slice(index, index + atOnce).map(work));
}

function uidOf(host: OwnedNamespace | undefined): string | undefined {
  return host?.namespace.metadata?.uid;
}
