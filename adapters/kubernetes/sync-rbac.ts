import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { PlatformError } from '../../contracts/errors.ts';
import { apiMessage, orUndefined, statusOf } from './failures.ts';
import {
  applyRbac,
  deleteRbac,
  rbacContent,
  type RbacObject,
  rbacManifest,
  rbacPath,
  settleMs,
  type StoredRbac,
} from './rbac-objects.ts';
import { acceptMetadata, requestJson } from './request.ts';

/** Which objects of an API are ours, and how they are marked. */
export interface RbacRealm {
  readonly kinds: readonly RbacObject['kind'][];
  /** For Role and RoleBinding. */
  readonly namespace?: string;
  /** The one label of what we make. */
  readonly label: readonly [name: string, value: string];
  /** Names that are ours also without the label, where others may take it off. */
  readonly prefix?: string;
  readonly fieldManager: string;
  /** One of these objects whose versions say nothing: it is written to see whether writes go through. */
  readonly probe?: string;
}

interface Metadata {
  readonly name: string;
  readonly resourceVersion?: string;
  readonly finalizers?: readonly string[];
}

interface Stored extends StoredRbac {
  readonly metadata: Metadata;
}

const metadataOnly = acceptMetadata('PartialObjectMetadataList');

/**
 * Makes exactly `desired` exist among what is ours: applies what is missing or different, deletes the rest. What
 * takes rights away comes last, and after a pause if any are given: a right may only have moved to another object. One read
 * for each kind if nothing changed. Idempotent. What is refused holds up nothing else: what can be granted is, and what
 * is to go goes. The first failure is thrown in the end: client-node's ApiException; `admission_refused` for an object
 * that admission changes on its way into the store.
 * @returns versions of what is there (`rbacVersions`) if nothing had to be written, else undefined
 */
export async function syncRbac(
  kubeConfig: KubeConfig,
  realm: RbacRealm,
  desired: readonly RbacObject[],
): Promise<string | undefined> {
  const labels = Object.fromEntries([realm.label]);
  const failures: unknown[] = [];
  const attempt = async (write: Promise<void>) => {
    await write.catch((error: unknown) => void failures.push(error));
  };
  const later: (() => Promise<void>)[] = [];
  let gives = false;
  const versions: string[] = [];
  for (const kind of realm.kinds) {
    const items = await listOurs(kubeConfig, realm, kind);
    versions.push(...versionsOf(realm, items));
    const left = new Map(items.map((item) => [item.metadata.name, item]));
    for (const object of desired) {
      if (object.kind !== kind) continue;
      const manifest = rbacManifest(object, { labels, annotations: {} });
      const existing = left.get(object.name);
      left.delete(object.name);
      if (existing !== undefined && rbacContent(existing) === rbacContent(manifest)) continue;
      const write = () => writeRbac(kubeConfig, manifest, realm.fieldManager);
      if (existing !== undefined && sizeOf(existing) > sizeOf(manifest)) later.push(write);
      else {
        await attempt(write());
        gives = true;
      }
    }
    for (const { metadata } of left.values()) later.push(() => removeRbac(kubeConfig, realm, kind, metadata));
  }
  if (gives && later.length > 0) await sleep(settleMs);
  for (const takeAway of later) await attempt(takeAway());
  if (failures.length > 0) throw failures[0];
  return gives || later.length > 0 ? undefined : versions.join();
}

/**
 * Which objects of ours there are, in which versions: the same text as long as nobody writes them. One read for each kind, of metadata
 * only, however much they say.
 * @throws ApiException
 */
export async function rbacVersions(kubeConfig: KubeConfig, realm: RbacRealm): Promise<string> {
  const versions: string[] = [];
  for (const kind of realm.kinds)
    versions.push(...versionsOf(realm, await listOurs(kubeConfig, realm, kind, metadataOnly)));
  return versions.join();
}

function versionsOf({ probe }: RbacRealm, items: readonly { readonly metadata: Metadata }[]): string[] {
  return items.map(({ metadata: { name, resourceVersion } }) =>
    name === probe ? name : `${name}@${resourceVersion}`,
  );
}

/** What a mutating webhook or policy makes something else of would be written again for ever, and no one would know. */
async function writeRbac(
  kubeConfig: KubeConfig,
  manifest: ReturnType<typeof rbacManifest>,
  fieldManager: string,
): Promise<void> {
  checkStored(manifest, await replaceRbac(kubeConfig, manifest, fieldManager));
}

/**
 * Tries whether admission lets `object` in as it is, and writes nothing.
 * @throws ApiException; PlatformError as `syncRbac`
 */
export async function tryRbac(
  kubeConfig: KubeConfig,
  { label, fieldManager }: RbacRealm,
  object: RbacObject,
): Promise<void> {
  const manifest = rbacManifest(object, { labels: Object.fromEntries([label]), annotations: {} });
  checkStored(manifest, await applyRbac(kubeConfig, manifest, fieldManager, { dryRun: true }));
}

function checkStored(manifest: ReturnType<typeof rbacManifest>, stored: unknown): void {
  if (rbacContent(stored as Stored) === rbacContent(manifest)) return;
  throw new PlatformError(
    'admission_refused',
    `${manifest.kind} ${manifest.metadata.name} is changed on its way into the store, by a mutating webhook or policy`,
    { details: { reason: 'Rewritten' } },
  );
}

/** One that somebody holds with a finalizer would go on granting what it grants. */
async function removeRbac(
  kubeConfig: KubeConfig,
  { namespace }: RbacRealm,
  kind: RbacObject['kind'],
  { name, finalizers = [] }: Stored['metadata'],
): Promise<void> {
  if (finalizers.length > 0)
    await orUndefined(
      requestJson(kubeConfig, {
        method: 'PATCH',
        path: `${rbacPath(kind, namespace)}/${encodeURIComponent(name)}`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { finalizers: null } },
      }),
    );
  await deleteRbac(kubeConfig, kind, name, namespace);
}

async function listOurs(
  kubeConfig: KubeConfig,
  { namespace, label, prefix }: RbacRealm,
  kind: RbacObject['kind'],
  accept?: string,
): Promise<Stored[]> {
  const query = prefix === undefined ? `?labelSelector=${encodeURIComponent(label.join('='))}` : '';
  const path = `${rbacPath(kind, namespace)}${query}`;
  const { items } = (await requestJson(kubeConfig, { path, accept })) as { items: Stored[] };
  return prefix === undefined ? items : items.filter(({ metadata }) => metadata.name.startsWith(prefix));
}

/**
 * Applies it; one under our name with another role is created again, since a binding's role is fixed.
 * @returns it as it is stored
 * @throws ApiException
 */
export async function replaceRbac(
  kubeConfig: KubeConfig,
  manifest: ReturnType<typeof rbacManifest>,
  fieldManager: string,
): Promise<unknown> {
  try {
    return await applyRbac(kubeConfig, manifest, fieldManager);
  } catch (error) {
    // Policies answer 422 too: what they refuse must not be deleted for it.
    if (statusOf(error) !== 422 || !apiMessage(error).includes('cannot change roleRef')) throw error;
    const { kind, metadata } = manifest;
    await deleteRbac(
      kubeConfig,
      kind,
      metadata.name,
      'namespace' in metadata ? metadata.namespace : undefined,
    );
    return applyRbac(kubeConfig, manifest, fieldManager);
  }
}

/** How much it says: a role that gets shorter gives less than before. */
function sizeOf(object: Partial<Stored>): number {
  return JSON.stringify([object.rules ?? [], object.subjects ?? []]).length;
}
