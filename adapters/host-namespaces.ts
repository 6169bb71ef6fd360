import type { V1Namespace } from '@kubernetes/client-node';
import { PlatformError } from '../contracts/errors.ts';
import { kindNames, kindOf } from '../contracts/kinds.ts';
import { labels } from '../contracts/names.ts';
import type { TemplateMetadata } from '../contracts/resources/object-meta.ts';
import type { InstanceRef, SpaceRef, TenantRef } from '../contracts/instance-ref.ts';
import { isReservedNamespace } from '../domain/placement/host-namespace.ts';
import type { ConnectedClusters } from './connected-clusters.ts';
import type { ClusterCapabilities } from './helm/helm.ts';
import type { ClusterClient } from './kubernetes/client.ts';
import { clusterCapabilities } from './helm/cluster-capabilities.ts';
import { callKubernetes, orUndefined, unlessConflict } from './kubernetes/failures.ts';

type Owner = InstanceRef;

/** A tenant cluster's host namespace, and a space's namespace. */
export type TenantHost = OwnedNamespace<TenantRef>;
export type SpaceHost = OwnedNamespace<SpaceRef>;

/**
 * A namespace of a connected cluster that was seen to belong to one tenant cluster or space, and the way to act in it.
 * Nothing else gives activities and controllers a client of a connected cluster (but for the platform's own objects there:
 * test/architecture.test.ts), and nothing but {@link hostNamespaces} gives this: what is not ours cannot be named.
 */
export class OwnedNamespace<O extends Owner = Owner> {
  /** Makes the class nominal: a look-alike object is not a proof. */
  readonly #clusters: ConnectedClusters;
  readonly owner: O;
  /** Name of the namespace. */
  readonly name: string;
  readonly client: ClusterClient;
  readonly namespace: V1Namespace;

  private constructor(clusters: ConnectedClusters, owner: O, client: ClusterClient, namespace: V1Namespace) {
    this.#clusters = clusters;
    this.owner = owner;
    this.name = owner.hostNamespace;
    this.client = client;
    this.namespace = namespace;
  }

  /** The namespace if it carries the uid of `owner`; `'other'` if there is one that does not, `'none'` if there is none. */
  static async look<O extends Owner>(
    clusters: ConnectedClusters,
    owner: O,
  ): Promise<OwnedNamespace<O> | 'other' | 'none'> {
    if (isReservedNamespace(owner.hostNamespace)) return 'other';
    const found = await OwnedNamespace.read(clusters, owner);
    return found === undefined ? 'none' : (found.host ?? 'other');
  }

  /** The namespace of that name, and the way to act in it if it carries the uid of `owner`; undefined if there is none. */
  static async read<O extends Owner>(
    clusters: ConnectedClusters,
    owner: O,
  ): Promise<{ namespace: V1Namespace; host?: OwnedNamespace<O> } | undefined> {
    const client = await clusters.client(owner.cluster);
    const namespace = await callKubernetes(
      `reading namespace ${owner.hostNamespace}`,
      orUndefined(client.core.readNamespace({ name: owner.hostNamespace })),
    );
    if (namespace === undefined) return undefined;
    const uid = namespace.metadata?.labels?.[labels.instanceUid];
    const isOurs = owner.uid !== '' && uid === owner.uid && !isReservedNamespace(owner.hostNamespace);
    return { namespace, ...(isOurs ? { host: new OwnedNamespace(clusters, owner, client, namespace) } : {}) };
  }

  /** Path of a kubeconfig with which Helm acts on this namespace alone; see ConnectedClusters.helmKubeconfigFile. */
  helmKubeconfigFile(role: string): Promise<string> {
    const namespace = { name: this.name, uid: this.namespace.metadata?.uid ?? '' };
    return this.#clusters.helmKubeconfigFile(this.owner.cluster, namespace, role);
  }

  /**
   * Clients with the administrator's identity inside the tenant cluster that lives here.
   * @throws PlatformError `not_found` before its keys were made; `cluster_unreachable`
   */
  tenantClient(this: OwnedNamespace<TenantRef>): Promise<ClusterClient> {
    return this.#clusters.tenantClient(this.owner);
  }
}

/** A namespace that is being deleted. */
export interface Leaving {
  readonly leaving: V1Namespace;
}

/** The way of worker and controllers to what belongs to one tenant cluster or space. */
export interface HostNamespaces {
  /**
   * The namespace of `owner`, read now and seen to carry its uid.
   * @throws PlatformError `conflict` if it belongs to something else, `namespace_missing` if there is none or it is being
   *   deleted, `cluster_unreachable`, and what ConnectedClusters.client throws
   */
  prove<O extends Owner>(owner: O): Promise<OwnedNamespace<O>>;
  /** As `prove`, but undefined if there is none of ours: for what undoes or deletes. */
  find<O extends Owner>(owner: O): Promise<OwnedNamespace<O> | undefined>;
  /**
   * Creates the namespace with the owner's uid beside `metadata`; one that is ours already stays as it is. Gives
   * the namespace of that name that is still being deleted, also another's.
   * @throws PlatformError `conflict` if there is one that belongs to something else; `cluster_unreachable`
   */
  create<O extends Owner>(owner: O, metadata: TemplateMetadata): Promise<OwnedNamespace<O> | Leaving>;
  /**
   * Which of `volumes`, by their names, are there and still hold a claim of the owner's namespace. Those that are to
   * outlive their claims (reclaim policy Retain) do not count. Reads only.
   * @throws PlatformError `cluster_unreachable`
   */
  volumesLeft(owner: Owner, volumes: readonly string[]): Promise<string[]>;
  /** Version and kinds of a connected cluster. @throws PlatformError `cluster_unreachable`, and what ConnectedClusters.client throws */
  capabilities(cluster: string): Promise<ClusterCapabilities>;
}

export function hostNamespaces(clusters: ConnectedClusters): HostNamespaces {
  const hosts: HostNamespaces = {
    async prove(owner) {
      const host = await OwnedNamespace.look(clusters, owner);
      if (host === 'other') throw notOurs(owner);
      if (host !== 'none' && host.namespace.metadata?.deletionTimestamp === undefined) return host;
      throw missing(owner, host === 'none' ? 'is missing: it was deleted there' : 'is being deleted there');
    },

    async find(owner) {
      const host = await OwnedNamespace.look(clusters, owner);
      return typeof host === 'string' ? undefined : host;
    },

    async create(owner, given) {
      if (isReservedNamespace(owner.hostNamespace)) throw notOurs(owner);
      const { core } = await clusters.client(owner.cluster);
      const metadata = {
        ...given,
        name: owner.hostNamespace,
        labels: { ...given.labels, [labels.instanceUid]: owner.uid },
      };
      for (let tries = 3; tries > 0; tries--) {
        const creation = core.createNamespace({ body: { metadata } });
        await callKubernetes(`creating namespace ${owner.hostNamespace}`, unlessConflict(creation));
        const found = await OwnedNamespace.read(clusters, owner);
        if (found === undefined) continue; // what was in its way has gone since
        if (found.namespace.metadata?.deletionTimestamp !== undefined) return { leaving: found.namespace };
        if (found.host === undefined) throw notOurs(owner);
        return found.host;
      }
      throw new PlatformError('internal', `namespace ${owner.hostNamespace} comes and goes; retrying`);
    },

    async volumesLeft({ cluster, hostNamespace }, volumes) {
      if (volumes.length === 0) return [];
      const { core } = await clusters.client(cluster);
      const left: string[] = [];
      for (const name of volumes) {
        const volume = await callKubernetes(
          `reading volume ${name}`,
          orUndefined(core.readPersistentVolume({ name })),
        );
        const { claimRef, persistentVolumeReclaimPolicy } = volume?.spec ?? {};
        if (claimRef?.namespace === hostNamespace && persistentVolumeReclaimPolicy !== 'Retain')
          left.push(name);
      }
      return left;
    },

    capabilities: async (cluster) => clusterCapabilities(await clusters.client(cluster)),
  };
  return hosts;
}

function missing(owner: Owner, how: string): PlatformError {
  const { hostNamespace, cluster } = owner;
  return new PlatformError(
    'namespace_missing',
    `namespace ${hostNamespace} of cluster ${cluster} ${how}. ${kindNames[kindOf(owner)].namespace.remedy}`,
  );
}

function notOurs({ hostNamespace, cluster }: Owner): PlatformError {
  return new PlatformError(
    'conflict',
    `namespace ${hostNamespace} of cluster ${cluster} belongs to something else: delete it there, or choose another name or namespacePattern`,
  );
}
