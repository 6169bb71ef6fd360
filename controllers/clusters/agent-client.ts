import { X509Certificate } from 'node:crypto';
import { ProxyAgent, request } from 'undici';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { connectionFault } from '../../adapters/kubernetes/connection-fault.ts';
import { createProxyPool } from '../../adapters/kubernetes/proxy-pool.ts';
import {
  connectTarget,
  AgentCredentials,
  agentApiPaths,
  AgentHealth,
  platformAccounts,
} from '../../contracts/agents.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { saidText } from '../../domain/status/cluster-health.ts';

/** What agents answer to the platform (contracts/agents.ts). */
export interface AgentClient {
  /** New tokens of the platform's service accounts there. @throws PlatformError `cluster_unreachable`, without any of the answer */
  credentials(cluster: string): Promise<AgentCredentials>;
  /** How the cluster is doing. @throws PlatformError `cluster_unreachable` */
  health(cluster: string): Promise<AgentHealth>;
  close(): Promise<void>;
}

const credentialsMs = 9_000;
const healthMs = 5_000;
/** An answer holds three tokens and the certificates of an authority. */
const maxBytes = 256 * 1024;
/** An agent says why it refuses, in so many characters. */
const maxReason = 300;
const token = /^[\w.~+/=-]{1,16384}$/;
const dnsName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/i;

/**
 * The way to agents through the gateway's CONNECT listener. A connected cluster's administrator decides what an agent
 * answers: nothing is used before it was checked.
 * @param proxyUrl `http://worker:password@host:port`
 */
export function createAgentClient(proxyUrl: string): AgentClient {
  const dispatcher = new ProxyAgent({
    uri: proxyUrl,
    proxyTunnel: true,
    clientFactory: createProxyPool,
    allowH2: false,
    connectTimeout: healthMs,
  } as ProxyAgent.Options);

  async function call<T extends TSchema>(
    schema: T,
    cluster: string,
    method: 'GET' | 'POST',
    path: string,
    limitMs: number,
  ): Promise<Static<T>> {
    // Without its cause: an error of the parser holds the answer, and that tokens.
    const fail = (why: string) =>
      new PlatformError('cluster_unreachable', `the agent of cluster ${cluster} does not answer: ${why}`);
    try {
      const { statusCode, body } = await request(`http://${connectTarget.agent(cluster)}${path}`, {
        dispatcher,
        method,
        signal: AbortSignal.timeout(limitMs),
      });
      const text = await readLimited(body);
      if (statusCode !== 200) throw fail(reasonOf(statusCode, text));
      const answer = parse(text);
      // Never what is wrong with it: an answer may hold tokens.
      if (!Compile(schema).Check(answer)) throw fail('its answer is not understood');
      return answer as Static<T>;
    } catch (error) {
      throw error instanceof PlatformError ? error : fail(connectionFault(error));
    }
  }

  return {
    async credentials(cluster) {
      const found = await call(AgentCredentials, cluster, 'POST', agentApiPaths.credentials, credentialsMs);
      const fault = faultOf(found);
      if (fault === undefined) return found;
      throw new PlatformError('cluster_unreachable', `the agent of cluster ${cluster} gives ${fault}`);
    },
    health: (cluster) => call(AgentHealth, cluster, 'GET', agentApiPaths.health, healthMs),
    close: () => dispatcher.destroy(),
  };
}

async function readLimited(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      body.destroy();
      throw new Error(`its answer is longer than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}

/** What an agent says of a failure, `{"message": "…"}`, as far as it may be shown. */
function reasonOf(status: number, text: string): string {
  const message = (parse(text) as { message?: unknown } | null | undefined)?.message;
  if (typeof message !== 'string') return `it answered ${status}`;
  return saidText(message, maxReason);
}

/** What is wrong with credentials, as the object of a sentence; undefined if they can be used. */
function faultOf({ certificateAuthority, tlsServerName, tokens, expiresAt }: AgentCredentials) {
  if (!platformAccounts.every((account) => token.test(tokens[account]))) return 'tokens that are not any';
  if (!dnsName.test(tlsServerName)) return 'a TLS server name that is not one';
  if (Number.isNaN(Date.parse(expiresAt))) return 'tokens without a time at which they end';
  try {
    new X509Certificate(certificateAuthority);
  } catch {
    return 'a certificate authority that is not a certificate';
  }
  return undefined;
}
