import { type Static, Type } from 'typebox';

/**
 * What an agent and the platform say to each other. The agent dials out to the gateway, upgrades, and then serves HTTP/2
 * on that connection (RFC 9113): the gateway is the client, and each proxied connection is one CONNECT stream (§8.5).
 */
export const agentPaths = {
  /** `POST`, with a join key: the first agent of a connected cluster makes its own credential known. */
  join: '/api/v1/agents/join',
  /** `POST`, with the agent's credential: makes its next credential known. */
  credential: '/api/v1/agents/credential',
  /** `GET` with `Upgrade`, with the agent's credential: from then on the connection is a tunnel. */
  tunnel: '/api/v1/agents/tunnel',
} as const;

/** Token of `Upgrade`, with the version of what is said on the connection afterwards. */
export const tunnelProtocol = 'vcluster-platform-tunnel.v1';

/** Headers of the request for a tunnel, in lower case. */
export const tunnelHeaders = {
  /** Version of the platform that the agent is part of. */
  version: 'x-agent-version',
  /** A number that grows with each start of an agent of the cluster: the highest is the one in use. */
  generation: 'x-agent-generation',
  /** Which of the agent's connections it is, 0 or 1: a newer one with the same slot takes its place. */
  slot: 'x-agent-slot',
  /** In the answer of an agent that refuses a stream: why, percent-encoded, at most 300 characters. */
  reason: 'x-agent-reason',
} as const;

/** Connections that an agent keeps open. A session's failure ends its streams: no more than half of them. */
export const tunnelSlots = 2;

/** Names of the targets of CONNECT streams. There are no others. */
export const tunnelTarget = {
  /** The API server of the agent's cluster. */
  apiServer: 'kubernetes:443',
  /** The agent's own API (HTTP/1.1): {@link agentApiPaths}. */
  agent: 'agent:80',
  /** A tenant cluster's Service. */
  service: (namespace: string, service: string, port: number) => `${service}.${namespace}.svc:${port}`,
} as const;

/**
 * Names under which the gateway's CONNECT listener knows what stands in connected cluster `cluster`; the
 * `server` of every worker kubeconfig is one of them.
 */
export const connectTarget = {
  apiServer: (cluster: string) => `kubernetes.${cluster}.connected`,
  service: (cluster: string, namespace: string, service: string) =>
    `${service}.${namespace}.svc.${cluster}.connected`,
  /** The API of the cluster's agent (contracts/agents.ts), on port 80. */
  agent: (cluster: string) => `agent.${cluster}.connected`,
} as const;

/** Prefix of join keys: who finds one knows what it is. */
export const joinKeyPrefix = 'vcpj_';
/** Prefix of agents' credentials. */
export const agentCredentialPrefix = 'vcpa_';

/** Lower-case hex SHA-256 of a credential: all that the platform keeps of it. */
const CredentialHash = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Lower-case hex SHA-256' });

export const AgentJoin = Type.Object(
  {
    credentialHash: CredentialHash,
    clusterUid: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'Uid of namespace kube-system: no two clusters have the same',
    }),
    kubernetesVersion: Type.Optional(Type.String({ maxLength: 64 })),
    agentVersion: Type.String({ maxLength: 64 }),
  },
  { additionalProperties: false },
);
export type AgentJoin = Static<typeof AgentJoin>;

export const AgentJoined = Type.Object(
  { cluster: Type.String({ description: 'Name of the Cluster that the join key is bound to' }) },
  { description: 'The credential is known' },
);
export type AgentJoined = Static<typeof AgentJoined>;

/** The next credential of an agent. It counts from its first use on, and ends the one before it then. */
export const NextCredential = Type.Object(
  { credentialHash: CredentialHash },
  { additionalProperties: false },
);
export type NextCredential = Static<typeof NextCredential>;

/** Paths of the API that an agent serves to the platform, at target `agent`, over HTTP/1.1. */
export const agentApiPaths = {
  /** `POST` → {@link AgentCredentials} */
  credentials: '/v1/credentials',
  /** `GET` → {@link AgentHealth} */
  health: '/v1/health',
} as const;

/** Service accounts of the agent's namespace that the platform's processes act as in a connected cluster. */
export const platformAccounts = ['gateway', 'worker', 'controllers'] as const;
export type PlatformAccount = (typeof platformAccounts)[number];

/** Tokens of the platform's service accounts there, as TokenRequest gives them. */
export const AgentCredentials = Type.Object({
  certificateAuthority: Type.String({ description: 'PEM: of the API server' }),
  tlsServerName: Type.String({ description: "Name that the API server's certificate has" }),
  tokens: Type.Object(
    Object.fromEntries(platformAccounts.map((account) => [account, Type.String()])) as Record<
      PlatformAccount,
      ReturnType<typeof Type.String>
    >,
  ),
  expiresAt: Type.String({ description: 'Of the token that ends first, RFC 3339' }),
});
export type AgentCredentials = Static<typeof AgentCredentials>;

/** How a connected cluster is doing, as its agent sees it. */
export const AgentHealth = Type.Object({
  clusterUid: Type.String(),
  agentVersion: Type.String(),
  kubernetesVersion: Type.String(),
  apiLatencyMs: Type.Number({ description: 'Of a small request of the agent to its API server' }),
  nodes: Type.Object({ ready: Type.Integer(), total: Type.Integer() }),
});
export type AgentHealth = Static<typeof AgentHealth>;
