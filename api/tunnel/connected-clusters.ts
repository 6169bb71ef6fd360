import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { connectTarget, tunnelTarget } from '../../contracts/agents.ts';
import { clusterCredentialSecret, identities, platformNamespace } from '../../contracts/names.ts';
import { readerIdentity } from '../identity/identity.ts';
import { createJsonClient, type JsonClient, statusMessage } from '../upstreams/json-request.ts';
import { targetOfKubeconfig } from '../upstreams/kubeconfig-target.ts';
import { createRetiredUpstreams, type RetiredUpstreams } from '../upstreams/retired-upstreams.ts';
import { createUpstream, type Upstream, type UpstreamTarget } from '../upstreams/upstream.ts';
import type { AgentTunnels } from './agent-tunnels.ts';

/** A connected cluster as the gateway finds its way in it. */
export interface DialledCluster {
  readonly name: string;
  readonly target: UpstreamTarget;
  /** Whether an agent connects it: its credential names no address. */
  readonly isTunnelled: boolean;
  /** Reads as `vcluster-platform:gateway-dialer`. */
  read(path: string): Promise<unknown>;
}

/** A connected cluster as the gateway reaches it. */
export interface ConnectedCluster extends DialledCluster {
  /** Connections under the gateway's credential there; requests through it carry an identity. */
  readonly upstream: Upstream;
}

export interface ConnectedClusters {
  /** @throws PlatformError `cluster_not_found` if no credential is kept for it */
  get(cluster: string): Promise<ConnectedCluster>;
  /** Has the next `get` look whether there is a newer credential: this one was refused. */
  recheck(cluster: string): void;
  close(): Promise<void>;
}

const dialer = { user: identities.gatewayDialer, groups: [] };
const credentialMaxAgeMs = 60_000;

/**
 * The gateway's own way into connected clusters: Secret `cluster-<name>-gateway` of the management API. One whose server is
 * `connectTarget.apiServer` is reached through a tunnel.
 */
export function createConnectedClusters(
  management: JsonClient,
  tunnels: Pick<AgentTunnels, 'open'>,
): ConnectedClusters {
  interface Entry {
    readonly cluster: ConnectedCluster;
    readonly resourceVersion: string;
    readAt: number;
    /** With earlier credentials. */
    readonly former: RetiredUpstreams;
  }
  const entries = new Map<string, Promise<Entry>>();

  async function open(name: string, previous: Entry | undefined): Promise<Entry> {
    const secret = await readCredential(management, name);
    if (previous?.resourceVersion === secret.resourceVersion)
      return Object.assign(previous, { readAt: performance.now() });
    const target = targetOfKubeconfig(secret.kubeconfig);
    const isTunnelled = target.host === connectTarget.apiServer(name);
    const upstream = createUpstream(target, () =>
      isTunnelled ? tunnels.open(name, tunnelTarget.apiServer) : dialTcp(target.host, target.port),
    );
    const client = createJsonClient(upstream.dispatcher, {
      code: 'cluster_unreachable',
      message: `connected cluster ${name} is unreachable; try again`,
      details: { connectedCluster: name },
    });
    const former = previous?.former ?? createRetiredUpstreams();
    if (previous !== undefined) former.add(previous.cluster.upstream);
    return {
      cluster: { name, target, isTunnelled, upstream, read: (path) => readAsDialer(client, path) },
      resourceVersion: secret.resourceVersion,
      readAt: performance.now(),
      former,
    };
  }

  return {
    async get(name) {
      const known = await entries.get(name);
      if (known !== undefined && performance.now() - known.readAt < credentialMaxAgeMs) return known.cluster;
      const opening = open(name, known);
      entries.set(name, opening);
      try {
        return (await opening).cluster;
      } catch (error) {
        if (known === undefined) entries.delete(name);
        else entries.set(name, Promise.resolve(known));
        // With the management API away, what was read before still counts.
        if (known !== undefined && error instanceof PlatformError && error.code === 'management_unavailable')
          return known.cluster;
        throw error;
      }
    },
    recheck(name) {
      entries.get(name)?.then(
        (entry) => Object.assign(entry, { readAt: Number.NEGATIVE_INFINITY }),
        () => undefined,
      );
    },
    async close() {
      for (const entry of entries.values())
        await entry.then(
          ({ cluster, former }) => Promise.all([cluster.upstream.close(), former.close()]),
          () => undefined,
        );
    },
  };
}

async function readAsDialer(client: JsonClient, path: string): Promise<unknown> {
  const answer = await client(dialer, { method: 'GET', path });
  if (answer.status === 404) return undefined;
  if (answer.status >= 400) {
    throw new PlatformError(
      'cluster_unreachable',
      'the connected cluster does not allow the gateway to read its services and pods',
      {
        cause: new Error(statusMessage(answer)),
      },
    );
  }
  return answer.body;
}

async function readCredential(
  management: JsonClient,
  cluster: string,
): Promise<{ kubeconfig: string; resourceVersion: string }> {
  const name = clusterCredentialSecret(cluster, 'gateway');
  const answer = await management(readerIdentity, {
    method: 'GET',
    path: `/api/v1/namespaces/${platformNamespace}/secrets/${encodeURIComponent(name)}`,
  });
  if (answer.status === 404) {
    throw new PlatformError(
      'cluster_not_found',
      `connected cluster "${cluster}" is not connected: its credential is missing`,
    );
  }
  const secret = answer.body as { metadata?: { resourceVersion?: string }; data?: { config?: string } };
  if (answer.status !== 200 || secret.data?.config === undefined) {
    throw new PlatformError(
      'cluster_unreachable',
      `failed to read the credential of connected cluster "${cluster}"`,
      {
        cause: new Error(statusMessage(answer)),
      },
    );
  }
  return {
    kubeconfig: Buffer.from(secret.data.config, 'base64').toString('utf8'),
    resourceVersion: secret.metadata?.resourceVersion ?? '',
  };
}
