import { join } from 'node:path';
import type { KubernetesObject } from '@kubernetes/client-node';
import { PlatformError } from '../contracts/errors.ts';
import { connectTarget, type PlatformAccount, platformAccounts } from '../contracts/agents.ts';
import { annotations, identities, platformNamespace, type Writer } from '../contracts/names.ts';
import { type KubeconfigOptions, nameInCertificate, renderKubeconfig } from './certificates/kubeconfig.ts';
import { applyObject } from './kubernetes/apply-object.ts';
import type { ClusterClient } from './kubernetes/client.ts';
import { isNotFound, orUndefined } from './kubernetes/failures.ts';
import { applyManifests, readManifests } from './kubernetes/manifests.ts';
import { requestJson } from './kubernetes/request.ts';

const chartDir = join(import.meta.dirname, '..', 'deploy', 'charts', 'vcluster-platform');
/** Service accounts there, by process. */
const accounts = {
  gateway: identities.gateway,
  worker: identities.worker,
  controllers: identities.controllers,
  agent: identities.agent,
} as const;
type Account = keyof typeof accounts;

/** The chart's native sidecars (`restartPolicy: Always` of an init container) are on by default since then. */
const oldestMinor = 29;
const answerMs = 10_000;

/** Kubeconfigs of the platform's processes for a connected cluster. */
export type ClusterCredentials = Readonly<Record<PlatformAccount, string>>;

/**
 * How the platform reaches a cluster that it sets up itself: `direct`ly, or through an agent of its own, which is another account there.
 */
export type ClusterMode = 'direct' | 'agent';

/**
 * Looks whether a cluster can run tenant clusters, and `client` may do all that connecting it takes; changes nothing.
 * @returns uid of its namespace `kube-system`: another cluster has another
 * @throws PlatformError `invalid_request`: it is too old; ApiException; what `fetch` throws
 */
export async function tryCluster(client: ClusterClient, writer: Writer, mode: ClusterMode): Promise<string> {
  await checkVersion(client);
  const { metadata } = await client.core.readNamespace({ name: 'kube-system' });
  await Promise.all(platformObjects('', mode).map((object) => checkApply(client, object, writer)));
  return metadata?.uid ?? '';
}

/** Name under which a platform connected the cluster before; undefined if none did, or one of an earlier version. */
export async function connectedAs({ core }: ClusterClient): Promise<string | undefined> {
  const found = await orUndefined(core.readNamespace({ name: platformNamespace }));
  return found?.metadata?.annotations?.[annotations.connectedAs] || undefined;
}

/**
 * Makes the platform's roles there, and a service account for each of its processes (not every cluster signs client
 * certificates). Idempotent.
 * @param cluster what it is called here
 * @throws ApiException; what `fetch` throws
 */
export function applyCluster(
  client: ClusterClient,
  cluster: string,
  writer: Writer,
  mode: ClusterMode,
): Promise<void> {
  return applyManifests(client, platformObjects(cluster, mode), writer);
}

/**
 * What the platform's processes reach it with; undefined before it gave their accounts tokens.
 * @param address of its API server
 * @param proxyUrl of the gateway's listener, through which worker and controllers reach it; undefined: directly
 * @param mode how the gateway itself reaches it
 * @throws ApiException; what `fetch` throws
 */
export async function credentialsOf(
  client: ClusterClient,
  cluster: string,
  address: Pick<KubeconfigOptions, 'server' | 'certificateAuthority' | 'tlsServerName'>,
  proxyUrl: string | undefined,
  mode: ClusterMode,
): Promise<ClusterCredentials | undefined> {
  const { server, certificateAuthority, tlsServerName } = address;
  const direct = (token: string) => renderKubeconfig({ ...address, certificateAuthority, token });
  const byName = (token: string, proxy: { proxyUrl?: string } = {}) =>
    renderKubeconfig({
      server: `https://${connectTarget.apiServer(cluster)}`,
      certificateAuthority,
      token,
      tlsServerName: tlsServerName ?? nameInCertificate(server),
      ...proxy,
    });
  const throughGateway = (token: string) =>
    proxyUrl === undefined ? direct(token) : byName(token, { proxyUrl });
  const [gateway, worker, controllers] = await Promise.all([
    tokenOf(client, 'gateway'),
    tokenOf(client, 'worker'),
    tokenOf(client, 'controllers'),
  ]);
  if (!gateway || !worker || !controllers) return undefined;
  return {
    gateway: mode === 'agent' ? byName(gateway) : direct(gateway),
    worker: throughGateway(worker),
    controllers: throughGateway(controllers),
  };
}

/**
 * What an agent of a cluster in mode `agent` reaches it with; undefined before its account has a token.
 * @param address of its API server
 * @throws ApiException; what `fetch` throws
 */
export async function agentKubeconfigOf(
  client: ClusterClient,
  address: Pick<KubeconfigOptions, 'server' | 'certificateAuthority' | 'tlsServerName'>,
): Promise<string | undefined> {
  const token = await tokenOf(client, 'agent');
  return token === '' ? undefined : renderKubeconfig({ ...address, token });
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
async function checkApply(
  { kubeConfig }: ClusterClient,
  object: KubernetesObject,
  writer: Writer,
): Promise<void> {
  try {
    await applyObject(kubeConfig, object, writer, { dryRun: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** All that the platform keeps there, its namespace first. */
export function platformObjects(cluster: string, mode: ClusterMode): KubernetesObject[] {
  const names: readonly Account[] = mode === 'agent' ? [...platformAccounts, 'agent'] : platformAccounts;
  return [
    platformNamespaceOf(cluster),
    ...names.flatMap(accountObjects),
    ...clusterManifests(mode).map((object) => bindAccounts(object, names)),
  ];
}

/** Roles of the platform's identities there, of the agent too, and the policies for what it makes. */
export function clusterManifests(mode: ClusterMode): KubernetesObject[] {
  const folders = mode === 'agent' ? ['connected-cluster', 'agent'] : ['connected-cluster'];
  return folders.flatMap((folder) => readManifests(join(chartDir, folder)));
}

/** The platform's namespace in connected cluster `cluster`. */
export function platformNamespaceOf(cluster: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: platformNamespace, annotations: { [annotations.connectedAs]: cluster } },
  };
}

function accountObjects(name: Account): KubernetesObject[] {
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
function bindAccounts(object: KubernetesObject, names: readonly Account[]): KubernetesObject {
  const { subjects } = object as KubernetesObject & { subjects?: Subject[] };
  if (subjects === undefined) return object;
  const added = names
    .filter((account) => subjects.some(({ kind, name }) => kind === 'User' && name === accounts[account]))
    .map((name) => ({ kind: 'ServiceAccount', name, namespace: platformNamespace }));
  return { ...object, subjects: [...subjects, ...added] } as KubernetesObject;
}

function tokenSecret(account: Account): string {
  return `${account}-token`;
}

async function tokenOf({ core }: ClusterClient, account: Account): Promise<string> {
  const { data } = await core.readNamespacedSecret({
    name: tokenSecret(account),
    namespace: platformNamespace,
  });
  return Buffer.from(data?.['token'] ?? '', 'base64').toString('utf8');
}
