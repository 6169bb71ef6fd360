import { hash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createPlatformApi } from '../../agent/platform-api.ts';
import { createServeStream } from '../../agent/serve-stream.ts';
import { createTunnelSession as createAgentSession } from '../../agent/tunnel-session.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { hashOfBearer } from '../../api/agents/authenticate-agent.ts';
import { type AgentTunnels, createAgentTunnels } from '../../api/tunnel/agent-tunnels.ts';
import type { ConnectedCluster } from '../../api/tunnel/connected-clusters.ts';
import type { TunnelRecords } from '../../api/tunnel/tunnel-records.ts';
import { createUpstream, type Upstream } from '../../api/upstreams/upstream.ts';
import { agentCredentialPrefix, tunnelTarget } from '../../contracts/agents.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

/** A gateway, and connected cluster `east` behind the real agent's end of a tunnel. */
export interface TunnelAttackFixture {
  readonly gateway: TestGateway;
  readonly tunnels: AgentTunnels;
  /** The API server of `east`. */
  readonly echo: EchoUpstream;
  /** Another connected cluster, without an agent yet. */
  newCluster(): { readonly name: string; readonly credential: string };
  /** A request of a user to the API server of a connected cluster. */
  get(cluster: string): Promise<{ readonly status: number; readonly text: string }>;
  close(): Promise<void>;
}

export async function startTunnelAttackFixture(): Promise<TunnelAttackFixture> {
  await using undo = new AsyncDisposableStack();
  const logger = pino({ level: process.env['GATEWAY_LOG'] ?? 'silent' }, pino.destination(2));
  const clusterNames: string[] = [];
  /** By hash of the credential. */
  const clusterOf = new Map<string, string>();
  const newCluster = (name = `c${clusterNames.length}`) => {
    const credential = agentCredentialPrefix + randomBytes(32).toString('base64url');
    clusterNames.push(name);
    clusterOf.set(hash('sha256', credential), name);
    return { name, credential };
  };
  const echo = await startEchoUpstream();
  undo.defer(() => echo.close());
  const uidOf = (name: string) => `uid-of-${name}`;
  const tunnels = createAgentTunnels({
    records: recordsInMemory(),
    others: { open: async () => undefined },
    uidOf,
    logger,
  });
  undo.defer(() => tunnels.close());
  // A new one for each request: one that failed is not dialled again at once.
  const upstreams: Upstream[] = [];
  undo.defer(async () => {
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  });
  const upstreamOf = (name: string) => {
    const upstream = createUpstream(echo.target, () => tunnels.open(name, tunnelTarget.apiServer));
    upstreams.push(upstream);
    return upstream;
  };
  const east = upstreamOf('east');
  const gateway = await startTestGateway({
    target: echo.target,
    clusterNames,
    clusters: {
      get: async (name) => ({ upstream: name === 'east' ? east : upstreamOf(name) }) as ConnectedCluster,
      recheck: () => undefined,
      close: async () => undefined,
    },
    agents: {
      tunnels,
      async authenticateAgent(headers) {
        const credentialHash = hashOfBearer(headers, agentCredentialPrefix);
        const cluster = clusterOf.get(credentialHash);
        if (cluster === undefined) throw new PlatformError('unauthenticated', 'agent credential not found');
        return { cluster, clusterUid: uidOf(cluster), joinId: `join-of-${cluster}`, credentialHash };
      },
    },
  });
  undo.defer(() => gateway.close());
  const good = await startGoodAgent(gateway, newCluster('east').credential, echo.target.port);
  undo.defer(async () => good.destroy());
  const started = undo.move();
  return {
    gateway,
    tunnels,
    echo,
    newCluster: () => newCluster(),
    get: (cluster) => gateway.call('GET', `/kubernetes/cluster/${cluster}/api/v1/pods`),
    close: () => started.disposeAsync(),
  };
}

/** The agent's own code, with one connection. @param port of what it takes for its API server */
async function startGoodAgent(gateway: TestGateway, credential: string, port: number) {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-attacks-'));
  const caFile = join(dir, 'ca.crt');
  writeFileSync(caFile, gateway.certificateAuthority);
  const platform = createPlatformApi({ url: gateway.url, caFile });
  rmSync(dir, { recursive: true });
  const serve = createServeStream(
    {
      apiServer: () => dialTcp('127.0.0.1', port),
      service: () => Promise.reject(new PlatformError('forbidden', 'not here')),
      agentApi: createServer(),
    },
    pino({ level: 'silent' }),
  );
  return createAgentSession(await platform.openTunnel(credential, 1, 0), serve);
}

/** As PostgreSQL keeps them for one gateway. */
function recordsInMemory(): TunnelRecords {
  const newest = new Map<string, number>();
  const seen = new Map<string, Date>();
  return {
    async open({ clusterUid, cluster, generation }) {
      if (generation < (newest.get(clusterUid) ?? 0))
        throw new PlatformError('conflict', `a newer agent of connected cluster ${cluster} is in use`);
      newest.set(clusterUid, generation);
      seen.set(clusterUid, new Date());
      return randomUUID();
    },
    renew: async () => [],
    reopen: async () => undefined,
    close: async () => undefined,
    noteVersion: async () => undefined,
    elsewhere: async () => [],
    currentOf: async () => null,
    async lastSeen(clusterUid) {
      const at = seen.get(clusterUid);
      return at && { at, agoMs: Date.now() - at.getTime() };
    },
    onChange: () => () => undefined,
    end: async () => undefined,
  };
}
