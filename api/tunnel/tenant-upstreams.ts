import { objectKey } from '../../adapters/kubernetes/informer.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { labels, tenantObjects } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { type DeployedPlace, deployedPlace } from '../../domain/placement/deployed-place.ts';
import type { ConnectedClusters } from './connected-clusters.ts';
import type { Dial } from './dial.ts';
import { targetOfKubeconfig } from '../upstreams/kubeconfig-target.ts';
import { createRetiredUpstreams, type RetiredUpstreams } from '../upstreams/retired-upstreams.ts';
import { createUpstream, type Upstream } from '../upstreams/upstream.ts';

/** Connections to the API servers of tenant clusters, under the gateway's own credential in each. */
export interface TenantUpstreams {
  /** @throws PlatformError `cluster_unreachable` if it is not placed yet or has no credential for the gateway */
  get(instance: VirtualClusterInstance): Promise<Upstream>;
  /** Has the next `get` read the credential again: it was refused. Requests and streams that are open go on. */
  recheck(instance: VirtualClusterInstance): void;
  /** Drops those of `namespace/name` that are not of `instance`, which stands there now (or nothing does). */
  keepOnly(namespace: string, name: string, instance: VirtualClusterInstance | undefined): void;
  close(): Promise<void>;
}

interface Opened {
  readonly upstream: Upstream;
  readonly credential: string;
}

interface Entry {
  /** Changes with the uid and the place. */
  readonly identity: string;
  opened: Promise<Opened>;
  isDoubted: boolean;
  /** With earlier credentials. */
  readonly former: RetiredUpstreams;
}

export function createTenantUpstreams(clusters: ConnectedClusters, dial: Dial): TenantUpstreams {
  /** By namespace and name. */
  const entries = new Map<string, Entry>();

  async function open(instance: VirtualClusterInstance, previous?: Opened): Promise<Opened> {
    const { cluster, namespace, release } = placeOf(instance);
    const secretName = tenantObjects.gatewaySecret(release);
    const connected = await clusters.get(cluster);
    const secret = (await connected.read(`/api/v1/namespaces/${namespace}/secrets/${secretName}`)) as
      | { metadata?: { labels?: Record<string, string> }; data?: { config?: string } }
      | undefined;
    const credential = secret?.data?.config;
    if (credential === undefined)
      throw notReady(release, 'the gateway does not have a credential for it yet');
    // Another's, whose namespace took the place of one that is gone. Credentials of earlier versions do not have a uid.
    const uid = secret?.metadata?.labels?.[labels.instanceUid];
    if (uid !== undefined && uid !== instance.metadata.uid)
      throw notReady(release, 'its host namespace belongs to something else now');
    if (credential === previous?.credential) return previous;
    const target = targetOfKubeconfig(Buffer.from(credential, 'base64').toString('utf8'));
    const upstream = createUpstream(target, () =>
      dial({ kind: 'service', cluster, namespace, service: release, port: 443 }),
    );
    return { upstream, credential };
  }

  function remove(key: string): Promise<unknown> {
    const known = entries.get(key);
    entries.delete(key);
    if (known === undefined) return Promise.resolve();
    const current = known.opened.then(({ upstream }) => upstream.close()).catch(() => undefined);
    return Promise.all([current, known.former.close()]);
  }

  /** Reads the credential again; open streams keep the connections that they have. */
  async function reopen(
    entry: Entry,
    before: Promise<Opened>,
    instance: VirtualClusterInstance,
  ): Promise<Opened> {
    try {
      const previous = await before;
      const opened = await open(instance, previous);
      if (opened !== previous) entry.former.add(previous.upstream);
      return opened;
    } catch (error) {
      Object.assign(entry, { opened: before, isDoubted: true });
      throw error;
    }
  }

  return {
    async get(instance) {
      const key = objectKey(instance.metadata);
      const identity = identityOf(instance);
      let entry = entries.get(key);
      if (entry?.identity !== identity) {
        void remove(key);
        entry = { identity, opened: open(instance), isDoubted: false, former: createRetiredUpstreams() };
        entries.set(key, entry);
      } else if (entry.isDoubted) {
        entry.isDoubted = false;
        entry.opened = reopen(entry, entry.opened, instance);
      }
      const { opened } = entry;
      try {
        return (await opened).upstream;
      } catch (error) {
        if (entries.get(key)?.opened === opened) entries.delete(key);
        throw error;
      }
    },
    recheck(instance) {
      const entry = entries.get(objectKey(instance.metadata));
      if (entry?.identity === identityOf(instance)) entry.isDoubted = true;
    },
    keepOnly(namespace, name, instance) {
      const key = objectKey({ namespace, name });
      const known = entries.get(key);
      if (known !== undefined && (instance === undefined || known.identity !== identityOf(instance)))
        void remove(key);
    },
    async close() {
      await Promise.all([...entries.keys()].map(remove));
    },
  };
}

/** An instance that changes is another object (adapters/kubernetes/informer.ts). */
const known = new WeakMap<VirtualClusterInstance, string>();

function identityOf(instance: VirtualClusterInstance): string {
  let identity = known.get(instance);
  if (identity === undefined) {
    // One that failed may be made again in its place, with other keys.
    const failed = instance.status?.phase === 'Failed';
    identity = JSON.stringify([instance.metadata.uid, deployedPlace(instance), failed]);
    known.set(instance, identity);
  }
  return identity;
}

/** Where an instance's release stands. @throws PlatformError `cluster_unreachable` if it is not deployed yet */
function placeOf(instance: VirtualClusterInstance): DeployedPlace {
  const place = deployedPlace(instance);
  if (place === undefined) throw notReady(instance.metadata.name, 'it is not deployed yet');
  return place;
}

function notReady(name: string, why: string): PlatformError {
  return new PlatformError('cluster_unreachable', `tenant cluster ${name} is not ready: ${why}`);
}
