import { bigint, index, integer, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';

/** Why a join was refused with a key that is good: the word is for the status of the Cluster. */
export const joinRefusals = ['ClusterUID', 'OtherCluster'] as const;
export type JoinRefusal = (typeof joinRefusals)[number];

/** The agent of each connected cluster that has one. Of credentials only hashes are kept. */
export const agents = pgTable(
  'agents',
  {
    /** `metadata.uid` of the Cluster: a later one of the same name has no agent yet. */
    clusterUid: text().primaryKey(),
    cluster: text().notNull(),
    /** Another one with each join: tunnels belong to one. */
    joinId: uuid().notNull().defaultRandom(),
    /** Uid of namespace kube-system there. */
    kubeSystemUid: text().notNull(),
    credentialHash: text().notNull(),
    /** Of the credential that takes the place of the other one at its first use. */
    nextCredentialHash: text(),
    /** The highest that an agent came with: the number of the start that is in use. */
    generation: bigint({ mode: 'number' }).notNull().default(0),
    agentVersion: text().notNull(),
    kubernetesVersion: text(),
    /** When the credential was made known with a join key. */
    joinedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** When a tunnel of it was open last; null: never. */
    lastSeenAt: timestamp({ withTimezone: true }),
  },
  (table) => [
    uniqueIndex('agents_kube_system_uid').on(table.kubeSystemUid),
    uniqueIndex('agents_credential_hash').on(table.credentialHash),
    uniqueIndex('agents_next_credential_hash').on(table.nextCredentialHash),
  ],
);

export type AgentRow = typeof agents.$inferSelect;

/** Join keys, each for one Cluster and one agent. Of the key only the hash is kept; rows go once they have expired. */
export const agentJoinKeys = pgTable(
  'agent_join_keys',
  {
    keyHash: text().primaryKey(),
    clusterUid: text().notNull(),
    cluster: text().notNull(),
    /** User name, as in Kubernetes. */
    createdBy: text().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    expiresAt: timestamp({ withTimezone: true }).notNull(),
    usedAt: timestamp({ withTimezone: true }),
    /** Hash of the credential that was made known with it. */
    usedByHash: text(),
    /** The last refusal, and why: see `listRefusedJoins`. */
    refusedAt: timestamp({ withTimezone: true }),
    refusedReason: text({ enum: joinRefusals }),
  },
  (table) => [index('agent_join_keys_cluster_uid').on(table.clusterUid)],
);

export type JoinKeyRow = typeof agentJoinKeys.$inferSelect;

/** Which gateway holds which connection of which agent. A row that is not renewed is dead (`queries/agent-tunnels.ts`). */
export const agentTunnels = pgTable(
  'agent_tunnels',
  {
    id: uuid().primaryKey(),
    clusterUid: text().notNull(),
    cluster: text().notNull(),
    /** Id of the gateway process. */
    gateway: text().notNull(),
    /** host:port of its CONNECT listener, for the other gateways. */
    address: text().notNull(),
    generation: bigint({ mode: 'number' }).notNull(),
    slot: integer().notNull(),
    openedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    renewedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('agent_tunnels_cluster_uid').on(table.clusterUid),
    index('agent_tunnels_gateway').on(table.gateway),
  ],
);

export type AgentTunnelRow = typeof agentTunnels.$inferSelect;
