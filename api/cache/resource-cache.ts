import { createInformer, type Informer } from '../../adapters/kubernetes/informer.ts';
import { resourcePath } from '../../adapters/kubernetes/resources.ts';
import type { Logger } from '../../adapters/logging.ts';
import {
  kindNames,
  kindOfPlural,
  managedKinds,
  type ManagedKind,
  type ManagedPlural,
  type OperationTarget,
  type TemplatePlural,
} from '../../contracts/kinds.ts';
import { identities, projectNamespace } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type { AccessKey } from '../../contracts/resources/access-key.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type {
  InstanceOf,
  ResourceOf,
  ResourcePlural,
  TemplateOf,
} from '../../contracts/resources/resource-kinds.ts';
import type { User } from '../../contracts/resources/user.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import { createRbacCache, type RbacCache } from './rbac-cache.ts';
import { informerTarget } from '../upstreams/informer-target.ts';
import type { IdentityCache } from '../identity/identity-cache.ts';

/** Kinds that are looked at as a whole. */
export type ListedPlural = 'projects' | 'clusters' | TemplatePlural | ManagedPlural;

/** What the gateway knows of the management API by itself, from informer caches. */
export interface ResourceCache extends IdentityCache {
  instance<K extends ManagedKind>(target: OperationTarget & { readonly kind: K }): InstanceOf<K> | undefined;
  instances<K extends ManagedKind>(kind: K): InstanceOf<K>[];
  /** Tenant clusters placed in connected cluster `cluster`. */
  instancesIn(cluster: string): VirtualClusterInstance[];
  accessKeys(): AccessKey[];
  users(): User[];
  /** Of instances of `kind`. */
  template<K extends ManagedKind>(kind: K, name: string): TemplateOf<K> | undefined;
  projects(): Project[];
  clusters(): Cluster[];
  cluster(name: string): Cluster | undefined;
  hasCluster(name: string): boolean;
  /** All objects of a kind. */
  objects(plural: ListedPlural): readonly { readonly metadata: ObjectMeta }[];
  /**
   * Calls `handler` with the key of each object of a kind that appears, changes or goes, and what it is now (undefined: gone).
   * Keys are as of {@link objectKey}.
   */
  onObjectChange(
    plural: ListedPlural,
    handler: (key: string, object: { readonly metadata: ObjectMeta } | undefined) => void,
  ): void;
  /** Calls `handler` with each instance of `kind` that appears or changes, and without one if it goes. */
  onInstanceChange<K extends ManagedKind>(
    kind: K,
    handler: (namespace: string, name: string, instance: InstanceOf<K> | undefined) => void,
  ): void;
  /** Settles when they are. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** The cache, with the RBAC that `api/authorization/` decides by. */
export interface ManagementCache extends ResourceCache {
  readonly rbac: RbacCache;
}

/**
 * A connection that is open and carries nothing any more must not hide that a key was revoked: with the 4 s between
 * two sweeps (api/streams/revocation.ts) that is known within 10 s even then.
 */
const credentialWatchSeconds = 3;

/** Starts informers over the kinds that the gateway reads, as `vcluster-platform:gateway-reader`. */
export function createResourceCache(managementKubeconfig: string, logger: Logger): ManagementCache {
  const kubeConfig = informerTarget(managementKubeconfig, identities.gatewayReader);
  const watchPath: WatchPath = <T extends { metadata: ObjectMeta }>(
    path: string,
    options: { watchSeconds?: number; keep?: (object: T) => T } = {},
  ) =>
    createInformer<T>({
      ...options,
      kubeConfig,
      path,
      onFailure: (err) => logger.debug({ err, path }, 'informer relists'),
    });
  const watch = <P extends ResourcePlural>(plural: P, options?: { watchSeconds?: number }) =>
    watchPath<ResourceOf[P]>(resourcePath(plural), options);
  const credentials = { watchSeconds: credentialWatchSeconds };
  const accessKeys = watch('accesskeys', credentials);
  const users = watch('users', credentials);
  const teams = watch('teams', credentials);
  const projects = watch('projects');
  const clusters = watch('clusters');
  const managed = Object.fromEntries(
    managedKinds.map((kind) => [kind, watch(kindNames[kind].plural)]),
  ) as unknown as { readonly [K in ManagedKind]: Informer<InstanceOf<K>> };
  const templates = Object.fromEntries(
    managedKinds.map((kind) => [kind, watch(kindNames[kind].templates.plural)]),
  ) as unknown as { readonly [K in ManagedKind]: Informer<TemplateOf<K>> };
  const byPlural = Object.fromEntries(
    managedKinds.map((kind) => [kindNames[kind].templates.plural, templates[kind]]),
  ) as unknown as { readonly [P in TemplatePlural]: Informer<ResourceOf[P]> };
  const rbac = createRbacCache((path, keep) => watchPath(path, { ...credentials, keep }));
  const all = [
    accessKeys,
    users,
    teams,
    projects,
    clusters,
    ...Object.values(templates),
    ...Object.values(managed),
  ];
  const listed = { projects, clusters, ...byPlural };
  const listedInformer = (plural: ListedPlural): Informer<{ metadata: ObjectMeta }> => {
    const kind = kindOfPlural(plural);
    return kind === undefined ? listed[plural as keyof typeof listed] : managed[kind];
  };
  const byHash = indexByHash(accessKeys);
  const allTeams = listUntilChange(teams);
  let synced = false;
  const ready = Promise.all([rbac.ready, ...all.map((informer) => informer.synced)]).then(() => {
    synced = true;
  });
  return {
    rbac,
    accessKey: (hash) => byHash.get(hash),
    accessKeyNamed: (name) => accessKeys.get(name),
    user: (name) => users.get(name),
    team: (name) => teams.get(name),
    teams: allTeams,
    instance: ({ kind, project, name }) => managed[kind].get(`${projectNamespace(project)}/${name}`),
    instances: (kind) => managed[kind].list(),
    instancesIn: (cluster) =>
      managed.tenant.list().filter((instance) => knownPlace(instance).cluster === cluster),
    accessKeys: () => accessKeys.list(),
    users: () => users.list(),
    template: (kind, name) => templates[kind].get(name),
    projects: () => projects.list(),
    clusters: () => clusters.list(),
    objects: (plural) => listedInformer(plural).list(),
    onObjectChange: (plural, handler) => {
      const informer = listedInformer(plural);
      informer.onChange((key) => handler(key, informer.get(key)));
    },
    cluster: (name) => clusters.get(name),
    hasCluster: (name) => clusters.get(name) !== undefined,
    onInstanceChange: (kind, handler) => {
      managed[kind].onChange((key) => {
        const [namespace = '', name = ''] = key.split('/');
        handler(namespace, name, managed[kind].get(key));
      });
    },
    get synced() {
      return synced;
    },
    ready,
    stop: async () => {
      await Promise.all([rbac, ...all].map((informer) => informer.stop()));
    },
  };
}

type WatchPath = <T extends { metadata: ObjectMeta }>(
  path: string,
  options?: { watchSeconds?: number; keep?: (object: T) => T },
) => Informer<T>;

/** The same list until an object of it changes. */
function listUntilChange<T>(informer: Informer<T>): () => readonly T[] {
  let listed: readonly T[] | undefined;
  informer.onChange(() => {
    listed = undefined;
  });
  return () => (listed ??= informer.list());
}

function indexByHash(keys: Informer<AccessKey>): ReadonlyMap<string, AccessKey> {
  const byHash = new Map<string, AccessKey>();
  const hashOf = new Map<string, string>();
  keys.onChange((name) => {
    const previous = hashOf.get(name);
    if (previous !== undefined && byHash.get(previous)?.metadata.name === name) byHash.delete(previous);
    const key = keys.get(name);
    const hash = key?.spec.keyHash;
    if (key === undefined || hash === undefined) {
      hashOf.delete(name);
      return;
    }
    hashOf.set(name, hash);
    byHash.set(hash, key);
  });
  return byHash;
}
