import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { Agent } from 'undici';
import { nameInCertificate } from '../adapters/certificates/kubeconfig.ts';
import { readKubeconfig } from '../adapters/kubernetes/read-kubeconfig.ts';
import { type ApiTarget, type KubernetesRequest, requestJson } from '../adapters/kubernetes/request.ts';
import { PlatformError } from '../contracts/errors.ts';
import { writers } from '../contracts/names.ts';

/** The API server of the agent's own cluster, as the agent. */
export interface ClusterApi {
  /** Where it listens: what target `kubernetes:443` is connected to. */
  readonly host: string;
  readonly port: number;
  /** PEM of the authority of its certificate. */
  readonly certificateAuthority: string;
  /** Name in its certificate. */
  readonly tlsServerName: string;
  /** @throws ApiException if it answers with an error; what `fetch` throws if it cannot be reached */
  request(request: KubernetesRequest): Promise<unknown>;
  close(): Promise<void>;
}

/** Where the kubelet puts the service account of a pod, and renews its token. A process node has another place for it. */
const accountDir = process.env['SERVICE_ACCOUNT_DIR'] ?? '/var/run/secrets/kubernetes.io/serviceaccount';
const tokenMaxAgeMs = 30_000;
const answerMs = 10_000;

/**
 * Opens the API of the agent's own cluster; nothing is dialled yet.
 * @param kubeconfig path; undefined: as the pod's service account
 * @throws PlatformError `invalid_request` that says what is missing, never a value
 */
export function openClusterApi(kubeconfig: string | undefined): ClusterApi {
  try {
    return kubeconfig === undefined ? ofServiceAccount() : ofKubeconfig(kubeconfig);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PlatformError('invalid_request', `the agent has no way to its own cluster: ${why}`, { cause });
  }
}

function ofKubeconfig(path: string): ClusterApi {
  const { server, certificateAuthority, tlsServerName, proxyUrl, client, token } = readKubeconfig(
    readFileSync(path, 'utf8'),
  );
  if (proxyUrl !== undefined) throw new Error('the kubeconfig has proxy-url: the agent connects directly');
  if (certificateAuthority === undefined)
    throw new Error('the kubeconfig does not have certificate-authority-data');
  if (new URL(server).pathname !== '/') throw new Error('the server of the kubeconfig has a path');
  return clusterApi({
    server: new URL(server),
    certificateAuthority,
    tlsServerName,
    client,
    token: token === undefined ? undefined : async () => token,
  });
}

function ofServiceAccount(): ClusterApi {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env;
  if (host === undefined || host === '')
    throw new Error('it does not run in a pod (KUBERNETES_SERVICE_HOST is not set), and has no kubeconfig');
  return clusterApi({
    server: new URL(`https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`),
    certificateAuthority: readFileSync(`${accountDir}/ca.crt`, 'utf8'),
    token: rereadFile(`${accountDir}/token`),
  });
}

/** What a file holds that is changed from time to time; with what it held before while it cannot be read. */
function rereadFile(path: string): () => Promise<string> {
  let text = readFileSync(path, 'utf8').trim();
  let readAt = performance.now();
  return async () => {
    if (performance.now() - readAt < tokenMaxAgeMs) return text;
    readAt = performance.now();
    text = await readFile(path, 'utf8').then(
      (read) => read.trim(),
      () => text,
    );
    return text;
  };
}

interface Access {
  readonly server: URL;
  readonly certificateAuthority: string;
  readonly tlsServerName?: string | undefined;
  readonly client?: { readonly certificate: string; readonly key: string } | undefined;
  readonly token?: (() => Promise<string>) | undefined;
}

function clusterApi({ server, certificateAuthority, tlsServerName, client, token }: Access): ClusterApi {
  const host = server.hostname.replace(/^\[|\]$/g, '');
  const connections = new Agent({
    allowH2: false,
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
    connect: {
      ca: certificateAuthority,
      minVersion: 'TLSv1.2',
      timeout: answerMs,
      ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
      ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
    },
  });
  const target: ApiTarget = {
    getCurrentCluster: () => ({ server: server.origin }),
    async applySecurityAuthentication(context) {
      context.setHeaderParam('User-Agent', writers.agent);
      if (token !== undefined) context.setHeaderParam('Authorization', `Bearer ${await token()}`);
      context.setDispatcher(connections);
    },
  };
  return {
    host,
    port: Number(server.port || '443'),
    certificateAuthority,
    tlsServerName: tlsServerName ?? nameInCertificate(server.origin),
    request: (request) => requestJson(target, { signal: AbortSignal.timeout(answerMs), ...request }),
    close: () => connections.close(),
  };
}
