import { objectKey } from '../../adapters/kubernetes/informer.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { labels, tenantObjects } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { type DeployedPlace, deployedPlace } from '../../domain/deployed-place.ts';
import type { ConnectedClusters } from './connected-clusters.ts';
import type { Dial } from './dial.ts';
import { targetOfKubeconfig } from '../upstreams/kubeconfig-target.ts';
import { createUpstream, type Upstream } from '../upstreams/upstream.ts';

/** Connections to the API servers of tenant clusters, under the gateway's own credential in each. */
export interface TenantUpstreams {
  /** @throws PlatformError `cluster_unreachable` if it is not placed yet or has no credential for the gateway */
  get(instance: VirtualClusterInstance): Promise<Upstream>;
  /** Drops credential and connections of an instance: they were refused. */
  drop(instance: VirtualClusterInstance): void;
  /** Drops those of `namespace/name` that are not of `instance`, which stands there now (or nothing does). */
  keepOnly(namespace: string, name: string, instance: VirtualClusterInstance | undefined): void;
  close(): Promise<void>;
}

export function createTenantUpstreams(clusters: ConnectedClusters, dial: Dial): TenantUpstreams {
  /** By namespace and name; `identity` changes with the uid and the place. */
  const upstreams = new Map<string, { readonly identity: string; readonly upstream: Promise<Upstream> }>();

  async function open(instance: VirtualClusterInstance): Promise<Upstream> {
    const { cluster, namespace, release } = placeOf(instance);
    const secretName = tenantObjects.gatewaySecret(release);
    const connected = await clusters.get(cluster);
    const secret = (await connected.read(`/api/v1/namespaces/${namespace}/secrets/${secretName}`)) as
      | { metadata?: { labels?: Record<string, string> }; data?: { config?: string } }
      | undefined;
    if (secret?.data?.config === undefined)
      throw notReady(release, 'the gateway does not have a credential for it yet');
    // Another's, whose namespace took the place of one that is gone. Credentials of earlier versions do not have a uid.
    const uid = secret.metadata?.labels?.[labels.instanceUid];
    if (uid !== undefined && uid !== instance.metadata.uid)
      throw notReady(release, 'its host namespace belongs to something else now');
    const target = targetOfKubeconfig(Buffer.from(secret.data.config, 'base64').toString('utf8'));
    return createUpstream(target, () =>
      dial({ kind: 'service', cluster, namespace, service: release, port: 443 }),
    );
  }

  function remove(key: string): void {
    const known = upstreams.get(key);
    upstreams.delete(key);
    known?.upstream.then(({ close }) => close()).catch(() => undefined);
  }

  return {
    get(instance) {
      const key = objectKey(instance.metadata);
      const identity = identityOf(instance);
      const known = upstreams.get(key);
      if (known?.identity === identity) return known.upstream;
      remove(key);
      const upstream = open(instance);
      upstreams.set(key, { identity, upstream });
      upstream.catch(() => {
        if (upstreams.get(key)?.upstream === upstream) upstreams.delete(key);
      });
      return upstream;
    },
    drop: (instance) => remove(objectKey(instance.metadata)),
    keepOnly(namespace, name, instance) {
      const key = objectKey({ namespace, name });
      const known = upstreams.get(key);
      if (known !== undefined && (instance === undefined || known.identity !== identityOf(instance)))
        remove(key);
    },
    async close() {
      const open = [...upstreams.values()];
      upstreams.clear();
      for (const { upstream } of open)
        await upstream.then(
          ({ close }) => close(),
          () => undefined,
        );
    },
  };
}

/** An instance that changes is another object (adapters/kubernetes/informer.ts). */
const known = new WeakMap<VirtualClusterInstance, string>();

function identityOf(instance: VirtualClusterInstance): string {
  let identity = known.get(instance);
  if (identity === undefined) {
    identity = JSON.stringify([instance.metadata.uid, deployedPlace(instance)]);
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
