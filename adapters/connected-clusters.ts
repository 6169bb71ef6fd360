import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1Secret } from '@kubernetes/client-node';
import { LruMap } from 'toad-cache';
import { clusterGone, PlatformError } from '../contracts/errors.ts';
import type { TenantRef } from '../contracts/instance-ref.ts';
import { connectTarget, type PlatformAccount } from '../contracts/agents.ts';
import {
  clusterCredentialSecret,
  platformNamespace,
  tenantObjects,
  type Writer,
} from '../contracts/names.ts';
import { renderKubeconfig, tenantServer } from './certificates/kubeconfig.ts';
import { type AnswerLimits, type ClusterClient, connectCluster } from './kubernetes/client.ts';
import { callKubernetes, orUndefined } from './kubernetes/failures.ts';
import { grantHelm, requestHelmToken, waitUntilGranted } from './kubernetes/helm-identity.ts';
import { managementResources } from './kubernetes/resources.ts';
import { readKubeconfig, type ReadKubeconfig } from './kubernetes/read-kubeconfig.ts';

/** The way of worker and controllers into connected clusters and their tenant clusters. */
export interface ConnectedClusters {
  /** Clients with the identity of `credential`. @throws PlatformError `cluster_not_found`, `management_unavailable` */
  client(cluster: string): Promise<ClusterClient>;
  /**
   * Path of a kubeconfig, mode 0600, with which Helm acts as the ServiceAccount of one host namespace, made if absent:
   * it holds ClusterRole `role` there, and its token ends in minutes.
   * @param namespace one that is known to be ours
   * @throws PlatformError as `client`; `forbidden`, `cluster_unreachable`; `chart_failed` without the ClusterRole
   */
  helmKubeconfigFile(
    cluster: string,
    namespace: { readonly name: string; readonly uid: string },
    role: string,
  ): Promise<string>;
  /**
   * Clients with the administrator's identity inside a tenant cluster.
   * @throws PlatformError as `client`; `not_found` before its keys were made; `cluster_unreachable`
   */
  tenantClient(tenant: TenantRef): Promise<ClusterClient>;
}

interface Connection {
  readonly resourceVersion: string;
  readonly kubeconfig: string;
  readonly client: ClusterClient;
}

/** How long a credential is used without asking whether its Secret changed. */
const trustedMs = 5_000;
const maxTenantClients = 2_000;
/** A run of Helm ends long before. */
const leastTokenMs = 3 * 60_000;

/**
 * Clients are cached until the Secret that holds their credential changes, which is noticed within 5 s.
 * @param deps.workDir private folder for kubeconfig files
 * @param deps.credential whose Secret of each cluster is used; default the worker's
 * @param deps.proxyUrl the way to clusters with an agent, for a credential that does not say it
 * @param deps.writer the process that writes
 * @param deps.limits how long clusters and tenant clusters may take to answer; default: as long as API servers take
 */
export function createConnectedClusters(deps: {
  management: ClusterClient;
  workDir: string;
  credential?: PlatformAccount;
  proxyUrl?: string | undefined;
  writer?: Writer;
  limits?: AnswerLimits;
}): ConnectedClusters {
  const { credential = 'worker', proxyUrl, ...connecting } = deps;
  const clusters = new Map<string, { connection: Connection; readAt: number }>();
  // Tenant clusters come and go; a dropped client is only created again.
  const tenants = new LruMap<Connection>(maxTenantClients);
  const helms = new LruMap<{ readonly key: string; readonly expiresAtMs: number }>(maxTenantClients);
  const folder = join(deps.workDir, 'kubeconfigs');

  async function writePrivately(file: string, text: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}.${performance.now()}`;
    try {
      await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
      await rename(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async function connection(cluster: string): Promise<Connection> {
    const known = clusters.get(cluster);
    if (known !== undefined && performance.now() - known.readAt < trustedMs) return known.connection;
    const name = clusterCredentialSecret(cluster, credential);
    const secret = await read(deps.management, platformNamespace, name, 'management_unavailable');
    if (secret === undefined) throw await notConnected(cluster);
    const current =
      known?.connection.resourceVersion === secret.metadata?.resourceVersion && known !== undefined
        ? known.connection
        : connect(secret, (kubeconfig) => rendered(throughTunnel(kubeconfig, cluster, proxyUrl)), connecting);
    clusters.set(cluster, { connection: current, readAt: performance.now() });
    return current;
  }

  /** Whether it is gone or has no credential yet makes a difference to what is deleted there. */
  async function notConnected(name: string): Promise<PlatformError> {
    const found = await callKubernetes(
      `reading cluster ${name}`,
      managementResources(deps.management).clusters.get({ name }),
      'management_unavailable',
    );
    return found === undefined
      ? new PlatformError('cluster_not_found', `connected cluster "${name}" not found`, {
          details: clusterGone,
        })
      : new PlatformError(
          'cluster_not_found',
          `connected cluster "${name}" is not set up yet: the platform does not have a credential for it`,
        );
  }

  return {
    client: async (cluster) => (await connection(cluster)).client,

    async helmKubeconfigFile(cluster, namespace, role) {
      const host = await connection(cluster);
      const file = join(folder, `${cluster}.${namespace.name}.yaml`);
      const key = `${cluster}/${host.resourceVersion}/${namespace.uid}/${role}`;
      // Each time: somebody may have deleted it there.
      const isNew = await grantHelm(host.client, namespace.name, role);
      const known = helms.get(file);
      const isLeft = known !== undefined && known.expiresAtMs - performance.now() > leastTokenMs;
      if (!isNew && isLeft && known.key === key) return file;
      const { token, expiresAtMs } = await requestHelmToken(host.client, namespace.name);
      const kubeconfig = rendered(host.kubeconfig, { token });
      if (isNew) await waitUntilGranted(kubeconfig, namespace.name, role);
      await writePrivately(file, kubeconfig);
      helms.set(file, { key, expiresAtMs });
      return file;
    },

    async tenantClient(tenant) {
      const host = await connection(tenant.cluster);
      const name = tenantObjects.kubeconfigSecret(tenant.name);
      const secret = await read(host.client, tenant.hostNamespace, name, 'cluster_unreachable');
      if (secret === undefined)
        throw new PlatformError('not_found', `tenant cluster ${tenant.name} does not have a credential yet`);
      const known = tenants.get(tenant.uid);
      if (known?.resourceVersion === `${host.resourceVersion}/${secret.metadata?.resourceVersion}`)
        return known.client;
      const adapt = (kubeconfig: string) => throughProxy(kubeconfig, host.kubeconfig, tenant);
      const made = connect(secret, adapt, connecting);
      const current = { ...made, resourceVersion: `${host.resourceVersion}/${made.resourceVersion}` };
      tenants.set(tenant.uid, current);
      return current.client;
    },
  };
}

async function read(
  client: ClusterClient,
  namespace: string,
  name: string,
  unreachable: 'management_unavailable' | 'cluster_unreachable',
): Promise<V1Secret | undefined> {
  return callKubernetes(
    `reading Secret ${namespace}/${name}`,
    orUndefined(client.core.readNamespacedSecret({ namespace, name })),
    unreachable,
  );
}

function connect(
  secret: V1Secret,
  adapt: (kubeconfig: string) => string,
  { writer, limits }: { readonly writer?: Writer; readonly limits?: AnswerLimits },
): Connection {
  const stored = secret.data?.['config'];
  if (stored === undefined)
    throw new PlatformError('not_found', `Secret ${secret.metadata?.name} does not have the key "config"`);
  const kubeconfig = adapted(secret, () => adapt(Buffer.from(stored, 'base64').toString('utf8')));
  return {
    kubeconfig,
    client: connectCluster(kubeconfig, { writer, limits }),
    resourceVersion: secret.metadata?.resourceVersion ?? '',
  };
}

/** Writing Secrets in a connected cluster must not be a way to run programs here. */
function adapted(secret: V1Secret, adapt: () => string): string {
  try {
    return adapt();
  } catch (cause) {
    const { namespace, name } = secret.metadata ?? {};
    const reason = cause instanceof Error ? cause.message : 'it is not a kubeconfig';
    throw new PlatformError('cluster_unreachable', `Secret ${namespace}/${name} cannot be used: ${reason}`, {
      cause,
    });
  }
}

/** A kubeconfig of the same credential and address, or of another one that is given; see {@link readKubeconfig} for what of it counts. */
function rendered(
  kubeconfig: string,
  other: { readonly address?: Address; readonly token?: string } = {},
): string {
  const { client, token = '', certificateAuthority, ...own } = readKubeconfig(kubeconfig);
  const credential =
    client === undefined || other.token !== undefined ? { token: other.token ?? token } : { client };
  return renderKubeconfig({ certificateAuthority, ...(other.address ?? own), ...credential });
}

type Address = Pick<ReadKubeconfig, 'server' | 'tlsServerName' | 'proxyUrl'>;

/** The gateway's kubeconfig of a cluster with an agent does not name the way: it holds the tunnel. */
function throughTunnel(kubeconfig: string, cluster: string, proxyUrl: string | undefined): string {
  const { server, tlsServerName, ...known } = readKubeconfig(kubeconfig);
  const isTunnelled = server === `https://${connectTarget.apiServer(cluster)}`;
  if (proxyUrl === undefined || known.proxyUrl !== undefined || !isTunnelled) return kubeconfig;
  const named = tlsServerName === undefined ? {} : { tlsServerName };
  return rendered(kubeconfig, { address: { server, ...named, proxyUrl } });
}

/** A tenant's kubeconfig with the address that the gateway's CONNECT listener knows, and the host cluster's proxy. */
function throughProxy(kubeconfig: string, hostKubeconfig: string, tenant: TenantRef): string {
  const { proxyUrl } = readKubeconfig(hostKubeconfig);
  const address = {
    server: `https://${connectTarget.service(tenant.cluster, tenant.hostNamespace, tenant.name)}:443`,
    tlsServerName: tenantServer(tenant).tlsServerName,
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  };
  return rendered(kubeconfig, { address });
}
