import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { createInformer, type Informer, objectKey } from '../../adapters/kubernetes/informer.ts';
import {
  applyRbac,
  deleteRbac,
  rbacContent,
  type RbacObject,
  rbacManifest,
  rbacPath,
  type StoredRbac,
} from '../../adapters/kubernetes/rbac-objects.ts';
import type { Logger } from '../../adapters/logging.ts';
import { fieldManagers, labels } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';

/** Roles and bindings that the controllers make, each for one owner such as `users/anna`. */
export interface OwnedRbac {
  /** Settles when what was made before is known. */
  readonly synced: Promise<void>;
  /**
   * Makes exactly `desired` exist for `owner`: applies what is missing or different, deletes the rest.
   * @param options.settleMs pause between the two, where a right only moves to another object
   */
  sync(owner: string, desired: readonly RbacObject[], options?: { settleMs?: number }): Promise<void>;
  /** Calls `handler` with the owner of every object that appears, changes or goes; at first with all there are. */
  onChange(handler: (owner: string) => void): void;
  stop(): Promise<void>;
}

/** What there is to know of one. There are some for each tenant cluster. */
interface Owned {
  metadata: ObjectMeta;
  /** As of {@link rbacContent}. */
  readonly content: string;
}

function keptRbac({ metadata, ...grant }: Owned): Owned {
  const { name, namespace, resourceVersion, annotations } = metadata;
  const owner = annotations?.[madeFor];
  return {
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(owner === undefined ? {} : { annotations: { [madeFor]: owner } }),
    },
    content: rbacContent(grant as StoredRbac),
  };
}

const kinds = ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'] as const;
const madeBy = { [labels.madeBy]: 'controllers' };
const madeFor = 'vcluster-platform.io/made-for';

export function createOwnedRbac(kubeConfig: KubeConfig, logger: Logger): OwnedRbac {
  const informers = kinds.map((kind) => {
    const informer = createInformer<Owned>({
      kubeConfig,
      path: rbacPath(kind),
      keep: keptRbac,
      labelSelector: Object.entries(madeBy).flat().join('='),
      onFailure: (err) => logger.debug({ err, kind }, 'the informer relists'),
    });
    return { kind, informer, owners: indexOwners(informer) };
  });

  return {
    synced: Promise.all(informers.map(({ informer }) => informer.synced)).then(() => undefined),
    async sync(owner, desired, { settleMs = 0 } = {}) {
      let applied = false;
      for (const object of desired) {
        const manifest = rbacManifest(object, { labels: madeBy, annotations: { [madeFor]: owner } });
        const { informer } = informers.find(({ kind }) => kind === object.kind) ?? fail(object.kind);
        const existing = informer.get(objectKey(manifest.metadata));
        if (existing !== undefined && isSame(existing, manifest)) continue;
        await applyRbac(kubeConfig, manifest, fieldManagers.controllers);
        applied = true;
      }
      const stale = informers.flatMap(({ kind, informer, owners }) => {
        const wanted = new Set(desired.filter((object) => object.kind === kind).map(objectKey));
        const keys = owners.keysOf(owner).filter((key) => !wanted.has(key));
        return keys.flatMap((key) => informer.get(key) ?? []).map(({ metadata }) => ({ kind, metadata }));
      });
      if (applied && stale.length > 0) await sleep(settleMs);
      for (const { kind, metadata } of stale)
        await deleteRbac(kubeConfig, kind, metadata.name, metadata.namespace);
    },
    onChange(handler) {
      for (const { owners } of informers) owners.onChange(handler);
    },
    async stop() {
      await Promise.all(informers.map(({ informer }) => informer.stop()));
    },
  };
}

/** Which objects each owner has, kept as they come and go. */
function indexOwners(informer: Informer<Owned>) {
  const ownerOf = new Map<string, string>();
  const keys = new Map<string, Set<string>>();
  const handlers: ((owner: string) => void)[] = [];
  informer.onChange((key) => {
    const before = ownerOf.get(key);
    const now = informer.get(key)?.metadata.annotations?.[madeFor];
    if (before !== undefined && before !== now) keys.get(before)?.delete(key);
    if (now === undefined) ownerOf.delete(key);
    else {
      ownerOf.set(key, now);
      keys.set(now, (keys.get(now) ?? new Set()).add(key));
    }
    for (const owner of new Set([before, now]))
      if (owner !== undefined) for (const handler of handlers) handler(owner);
  });
  return {
    keysOf: (owner: string) => [...(keys.get(owner) ?? [])],
    onChange: (handler: (owner: string) => void) => handlers.push(handler),
  };
}

function isSame(existing: Owned, manifest: ReturnType<typeof rbacManifest>): boolean {
  return (
    existing.content === rbacContent(manifest) &&
    existing.metadata.annotations?.[madeFor] === manifest.metadata.annotations[madeFor]
  );
}

function fail(kind: string): never {
  throw new Error(`no informer for ${kind}`);
}
