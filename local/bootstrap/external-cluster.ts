import { type KubeconfigOptions, renderKubeconfig } from '../../adapters/certificates/kubeconfig.ts';
import { agentKubeconfigOf, applyCluster, credentialsOf, tryCluster } from '../../adapters/cluster-setup.ts';
import { connectionFault } from '../../adapters/kubernetes/connection-fault.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { apiMessage, callManagement, statusOf } from '../../adapters/kubernetes/failures.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { writers } from '../../contracts/names.ts';
import { waitUntil } from '../wait-until.ts';
import { type ConnectProxy, type LocalCredentials, proxyUrl } from './connected-cluster.ts';
import { readUserKubeconfig } from './user-kubeconfig.ts';

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
    return { id: await tryCluster(client, writers.bootstrap, 'agent'), address, client };
  } catch (error) {
    throw refusal(address.server, error);
  }
}

/**
 * Connects it as cluster `local`.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function connectExternalCluster(
  { client, address }: ExternalCluster,
  proxy: ConnectProxy,
): Promise<LocalCredentials> {
  await callManagement(
    "applying the platform's roles",
    applyCluster(client, 'local', writers.bootstrap, 'agent'),
  );
  let credentials: LocalCredentials | undefined;
  await waitUntil("the tokens of the platform's service accounts", async () => {
    const own = await credentialsOf(client, 'local', address, proxyUrl(proxy), 'agent');
    const agent = await agentKubeconfigOf(client, address);
    if (own !== undefined && agent !== undefined) credentials = { ...own, agent };
    return credentials !== undefined;
  });
  return credentials as unknown as LocalCredentials;
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
