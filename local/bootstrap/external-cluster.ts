import { isIP } from 'node:net';
import { join } from 'node:path';
import type { KubernetesObject } from '@kubernetes/client-node';
import { type KubeconfigOptions, renderKubeconfig } from '../../adapters/certificates/kubeconfig.ts';
import { connectionFault } from '../../adapters/kubernetes/connection-fault.ts';
import { applyObject as serverSideApply } from '../../adapters/kubernetes/apply-object.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { apiMessage, isNotFound, statusOf } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { connectTarget, identities, platformNamespace, writers } from '../../contracts/names.ts';
import { waitUntil } from '../wait-until.ts';
import { applyManifests, applyObject, readManifests } from './apply-manifests.ts';
import { type ClusterCredentials, type ConnectProxy, proxyUrl } from './connected-cluster.ts';
import { readUserKubeconfig } from './user-kubeconfig.ts';

const manifestsDir = join(import.meta.dirname, '..', '..', 'deploy', 'connected-cluster');
const accounts = {
  gateway: identities.gateway,
  worker: identities.worker,
  controllers: identities.controllers,
} as const;
/** The chart's native sidecars (`restartPolicy: Always` of an init container) are on by default since then. */
const oldestMinor = 29;
const answerMs = 10_000;

/** An external cluster, checked to be able to run tenant clusters. */
export interface ExternalCluster {
  /** Uid of its namespace `kube-system`: another cluster has another. */
  readonly id: string;
  readonly address: KubeconfigOptions;
  /** With the user's own credential. */
  readonly client: ClusterClient;
}

/**
 * Opens the cluster of a kubeconfig and looks whether everything the platform needs there would be allowed;
 * changes nothing.
 * @throws PlatformError `invalid_request`: the file, or the cluster is too old; `cluster_unreachable`;
 *   `unauthenticated`; `forbidden`
 */
export async function openExternalCluster(kubeconfigFile: string): Promise<ExternalCluster> {
  const address = readUserKubeconfig(kubeconfigFile);
  const client = connectCluster(renderKubeconfig(address), { writer: writers.bootstrap });
  try {
    await checkVersion(client);
    const { metadata } = await client.core.readNamespace({ name: 'kube-system' });
    await Promise.all(platformObjects().map((object) => checkApply(client, object)));
    return { id: metadata?.uid ?? '', address, client };
  } catch (error) {
    throw refusal(address.server, error);
  }
}

/**
 * Connects it: the platform's roles there, and a service account for each of its processes (not every cluster
 * signs client certificates).
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function connectExternalCluster(
  { client, address }: ExternalCluster,
  proxy: ConnectProxy,
): Promise<ClusterCredentials> {
  const [namespace, ...objects] = platformObjects();
  if (namespace !== undefined) await applyObject(client, namespace);
  // A token's Secret whose account is not there yet would be removed again.
  const isAccount = ({ kind }: KubernetesObject) => kind === 'ServiceAccount';
  await applyManifests(client, objects.filter(isAccount));
  await applyManifests(
    client,
    objects.filter((object) => !isAccount(object)),
  );
  const [gateway, worker, controllers] = await Promise.all([
    tokenOf(client, 'gateway'),
    tokenOf(client, 'worker'),
    tokenOf(client, 'controllers'),
  ]);
  const { server, certificateAuthority, tlsServerName } = address;
  const throughGateway = (token: string) =>
    renderKubeconfig({
      server: `https://${connectTarget.apiServer('local')}`,
      certificateAuthority,
      token,
      tlsServerName: tlsServerName ?? nameInCertificate(server),
      proxyUrl: proxyUrl(proxy),
    });
  return {
    gateway: renderKubeconfig({
      server,
      certificateAuthority,
      token: gateway,
      ...(tlsServerName === undefined ? {} : { tlsServerName }),
    }),
    worker: throughGateway(worker),
    controllers: throughGateway(controllers),
  };
}

async function checkVersion({ kubeConfig }: ClusterClient): Promise<void> {
  const signal = AbortSignal.timeout(answerMs);
  const version = (await requestJson(kubeConfig, { path: '/version', signal })) as {
    major: string;
    minor: string;
    gitVersion: string;
  };
  if (version.major !== '1' || Number.parseInt(version.minor, 10) < oldestMinor) {
    throw new PlatformError(
      'invalid_request',
      `it runs Kubernetes ${version.gitVersion}, but tenant control planes need 1.${oldestMinor} or newer`,
    );
  }
}

/** @throws ApiException if the API server would refuse it; what it would live in or refer to may still be missing */
async function checkApply({ kubeConfig }: ClusterClient, object: KubernetesObject): Promise<void> {
  try {
    await serverSideApply(kubeConfig, object, writers.bootstrap, { dryRun: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function refusal(server: string, error: unknown): PlatformError {
  const said = (message: string) => `the cluster at ${server} (--kubeconfig) cannot be used: ${message}`;
  if (error instanceof PlatformError)
    return new PlatformError(error.code, said(error.message), { cause: error });
  const status = statusOf(error);
  if (status === undefined) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    const reason = isLate ? `it did not answer within ${answerMs / 1000} s` : connectionFault(error);
    return new PlatformError('cluster_unreachable', said(reason), { cause: error });
  }
  const [message = ''] = apiMessage(error).split('\n');
  if (status === 401) {
    const hint = 'it rejected the credential (401), which is wrong or has expired';
    return new PlatformError('unauthenticated', said(hint), { cause: error });
  }
  if (status === 403) {
    const hint = `a cluster administrator's kubeconfig is needed, but this user lacks a right: ${message}`;
    return new PlatformError('forbidden', said(hint), { cause: error });
  }
  return new PlatformError('cluster_unreachable', said(message), { cause: error });
}

/** All that the platform keeps there; the namespace first. */
function platformObjects(): KubernetesObject[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: platformNamespace } },
    ...Object.keys(accounts).flatMap(accountObjects),
    ...readManifests(manifestsDir).map(bindAccounts),
  ];
}

function accountObjects(name: string): KubernetesObject[] {
  const namespace = platformNamespace;
  const token = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: {
      name: tokenSecret(name),
      namespace,
      annotations: { 'kubernetes.io/service-account.name': name },
    },
  };
  return [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } }, token];
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
