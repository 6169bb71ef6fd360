import { createServer, type Server, type ServerResponse } from 'node:http';
import { countNodes } from '../adapters/kubernetes/count-nodes.ts';
import { apiMessage } from '../adapters/kubernetes/failures.ts';
import type { Logger } from '../adapters/logging.ts';
import {
  type AgentCredentials,
  type AgentHealth,
  agentApiPaths,
  platformAccounts,
} from '../contracts/agents.ts';
import { PlatformError } from '../contracts/errors.ts';
import type { ClusterApi } from './cluster-api.ts';
import { agentVersion } from './platform-api.ts';

/** Of the tokens that the platform's processes act with; asked for again at half of it. */
const tokenSeconds = 86_400;
const healthMaxAgeMs = 10_000;

/**
 * The API that the agent serves to the platform through the tunnel. It listens nowhere: connections are given to it.
 * @param namespace of the platform's service accounts
 */
export function createAgentApi(api: ClusterApi, namespace: string, logger: Logger): Server {
  const health = rememberedFor(healthMaxAgeMs, () => healthOf(api));
  const routes: Record<string, () => Promise<object>> = {
    [`POST ${agentApiPaths.credentials}`]: () => credentialsOf(api, namespace),
    [`GET ${agentApiPaths.health}`]: health,
  };
  const server = createServer((request, response) => {
    request.resume();
    const route = Object.hasOwn(routes, `${request.method} ${request.url}`)
      ? routes[`${request.method} ${request.url}`]
      : undefined;
    if (route === undefined) {
      answer(response, 404, { code: 'not_found', message: 'the agent does not serve that' });
      return;
    }
    route().then(
      (body) => answer(response, 200, body),
      (error: unknown) => {
        const message = `the agent failed to ask its API server: ${apiMessage(error)}`;
        logger.warn({ path: request.url, reason: apiMessage(error) }, 'failed to answer the platform');
        answer(response, 502, { code: 'cluster_unreachable', message });
      },
    );
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    })
    .end(text);
}

/** The uid of namespace `kube-system`, which no two clusters share. @throws ApiException; what `fetch` throws */
export async function clusterUidOf(api: ClusterApi): Promise<string> {
  const { metadata } = (await api.request({ path: '/api/v1/namespaces/kube-system' })) as {
    metadata: { uid: string };
  };
  return metadata.uid;
}

/** @throws ApiException; what `fetch` throws */
export async function versionOf(api: ClusterApi): Promise<string> {
  const { gitVersion } = (await api.request({ path: '/version' })) as { gitVersion: string };
  return gitVersion;
}

async function credentialsOf(api: ClusterApi, namespace: string): Promise<AgentCredentials> {
  const granted = await Promise.all(
    platformAccounts.map(async (account) => {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
      const body = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: tokenSeconds },
      };
      const { status } = (await api.request({ method: 'POST', path, body })) as {
        status?: { token?: string; expirationTimestamp?: string };
      };
      if (status?.token === undefined || status.expirationTimestamp === undefined)
        throw new PlatformError('internal', `the API server gave ServiceAccount ${account} no token`);
      return { account, token: status.token, expiresAt: status.expirationTimestamp };
    }),
  );
  return {
    certificateAuthority: api.certificateAuthority,
    tlsServerName: api.tlsServerName,
    tokens: Object.fromEntries(
      granted.map(({ account, token }) => [account, token]),
    ) as AgentCredentials['tokens'],
    // All of one form and in UTC: the text that sorts first is the earliest.
    expiresAt: granted.map(({ expiresAt }) => expiresAt).toSorted()[0] ?? '',
  };
}

async function healthOf(api: ClusterApi): Promise<AgentHealth> {
  const clusterUid = await clusterUidOf(api);
  const startedAt = performance.now();
  const kubernetesVersion = await versionOf(api);
  const apiLatencyMs = Math.round((performance.now() - startedAt) * 10) / 10;
  return { clusterUid, agentVersion, kubernetesVersion, apiLatencyMs, nodes: await countNodes(api.request) };
}

/** `make`, asked again when its last success is older than `maxAgeMs`; by several at once only once. */
function rememberedFor<T>(maxAgeMs: number, make: () => Promise<T>): () => Promise<T> {
  let last: { readonly made: Promise<T>; readonly at: number } | undefined;
  return () => {
    if (last !== undefined && performance.now() - last.at < maxAgeMs) return last.made;
    const made = make();
    const entry = { made, at: performance.now() };
    last = entry;
    made.catch(() => {
      if (last === entry) last = undefined;
    });
    return made;
  };
}
