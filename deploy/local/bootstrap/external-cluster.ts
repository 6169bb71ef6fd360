import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Cluster, KubeConfig, type KubernetesObject } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { type ClusterClient, connectCluster } from '../../../adapters/kubernetes/client.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { connectTarget, identities, platformNamespace } from '../../../contracts/names.ts';
import { waitUntil } from '../wait-until.ts';
import { applyManifests, applyObject, readManifests } from './apply-manifests.ts';
import { type ClusterCredentials, type ConnectProxy, proxyUrl } from './connected-cluster.ts';

const manifestsDir = join(import.meta.dirname, '..', '..', 'connected-cluster');
const accounts = {
  gateway: identities.gateway,
  worker: identities.worker,
  controllers: identities.controllers,
} as const;

/**
 * Connects a cluster that somebody else runs: the platform's roles there, and a service account for each of
 * its processes (not every cluster signs client certificates).
 * @throws PlatformError `invalid_request`: the file is no kubeconfig; `cluster_unreachable`
 */
export async function connectExternalCluster(
  kubeconfigFile: string,
  proxy: ConnectProxy,
): Promise<ClusterCredentials> {
  const kubeConfig = load(kubeconfigFile);
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null)
    throw new PlatformError('invalid_request', `${kubeconfigFile} (--kubeconfig) has no current context`);
  const client = connectCluster(kubeConfig.exportConfig());
  await checkReachable(client, cluster.server);
  await applyObject(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: platformNamespace } });
  await applyManifests(client, [...accountObjects(), ...readManifests(manifestsDir).map(bindAccounts)]);
  const [gateway, worker, controllers] = await Promise.all([
    tokenOf(client, 'gateway'),
    tokenOf(client, 'worker'),
    tokenOf(client, 'controllers'),
  ]);
  const tlsServerName = cluster.tlsServerName ?? nameInCertificate(cluster.server);
  const throughGateway = {
    server: `https://${connectTarget.apiServer('local')}`,
    'proxy-url': proxyUrl(proxy),
    'tls-server-name': tlsServerName,
  };
  return {
    gateway: tokenKubeconfig(cluster, gateway, {
      server: cluster.server,
      ...(cluster.tlsServerName === undefined ? {} : { 'tls-server-name': cluster.tlsServerName }),
    }),
    worker: tokenKubeconfig(cluster, worker, throughGateway),
    controllers: tokenKubeconfig(cluster, controllers, throughGateway),
  };
}

function load(file: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    kubeConfig.loadFromFile(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PlatformError(
      'invalid_request',
      `${file} (--kubeconfig) cannot be read as a kubeconfig: ${reason}`,
      { cause },
    );
  }
  return kubeConfig;
}

async function checkReachable(client: ClusterClient, server: string): Promise<void> {
  try {
    await client.core.listNamespace({ limit: 1 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new PlatformError(
      'cluster_unreachable',
      `the cluster at ${server} (--kubeconfig) cannot be used: ${reason}`,
      { cause },
    );
  }
}

function accountObjects(): KubernetesObject[] {
  return Object.keys(accounts).flatMap((name) => [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: platformNamespace } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/service-account-token',
      metadata: {
        name: tokenSecret(name),
        namespace: platformNamespace,
        annotations: { 'kubernetes.io/service-account.name': name },
      },
    },
  ]);
}

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

/** The binding with our service account beside every user that stands for the same identity; others unchanged. */
function bindAccounts(object: KubernetesObject): KubernetesObject {
  const { subjects } = object as KubernetesObject & { subjects?: Subject[] };
  if (subjects === undefined) return object;
  const added = Object.entries(accounts)
    .filter(([, user]) => subjects.some(({ kind, name }) => kind === 'User' && name === user))
    .map(([name]) => ({ kind: 'ServiceAccount', name, namespace: platformNamespace }));
  return { ...object, subjects: [...subjects, ...added] } as KubernetesObject;
}

function tokenSecret(account: string): string {
  return `${account}-token`;
}

async function tokenOf({ core }: ClusterClient, account: string): Promise<string> {
  let token = '';
  await waitUntil(`the token of service account ${account}`, async () => {
    const { data } = await core.readNamespacedSecret({
      name: tokenSecret(account),
      namespace: platformNamespace,
    });
    token = Buffer.from(data?.['token'] ?? '', 'base64').toString('utf8');
    return token !== '';
  });
  return token;
}

function nameInCertificate(server: string): string {
  const { hostname } = new URL(server);
  // No TLS server name may be an address; every API server's certificate holds this one.
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : 'kubernetes';
}

function tokenKubeconfig(cluster: Cluster, token: string, address: Record<string, string>): string {
  const authority =
    cluster.caData ??
    (cluster.caFile === undefined ? undefined : readFileSync(cluster.caFile).toString('base64'));
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'default',
      clusters: [
        {
          name: 'default',
          cluster: {
            ...address,
            ...(authority === undefined ? {} : { 'certificate-authority-data': authority }),
          },
        },
      ],
      contexts: [{ name: 'default', context: { cluster: 'default', user: 'default' } }],
      users: [{ name: 'default', user: { token } }],
    },
    { version: '1.1', lineWidth: 0 },
  );
}
