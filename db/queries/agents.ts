import { and, eq, lte, or, sql } from 'drizzle-orm';
import type { Queries } from '../client.ts';
import { agentJoinKeys, type AgentRow, agents, agentTunnels } from '../schema/agents.ts';

/** Of the agent whose credential this is the hash of; the next one takes the place of the other with that. */
export async function findAgentByCredential(db: Queries, hash: string): Promise<AgentRow | undefined> {
  const isIt = or(eq(agents.credentialHash, hash), eq(agents.nextCredentialHash, hash));
  const found = await db.select().from(agents).where(isIt);
  const current = found.find(({ credentialHash }) => credentialHash === hash);
  if (current !== undefined || found.length === 0) return current;
  const [promoted] = await db
    .update(agents)
    .set({ credentialHash: hash, nextCredentialHash: null })
    .where(eq(agents.nextCredentialHash, hash))
    .returning();
  if (promoted !== undefined) return promoted;
  // Another connection of the agent came first.
  const [other] = await db.select().from(agents).where(eq(agents.credentialHash, hash));
  return other;
}

/**
 * Notes the credential that takes the place of `credentialHash` at its first use, and of the next one that was noted before and never
 * used. False: the agent has another credential by now, or the next one is a credential already.
 */
export async function setNextCredential(
  db: Queries,
  { clusterUid, credentialHash }: Pick<AgentRow, 'clusterUid' | 'credentialHash'>,
  next: string,
): Promise<boolean> {
  const isTaken = sql`exists (select from agents other
    where other.credential_hash = ${next} or (other.next_credential_hash = ${next} and other.cluster_uid <> ${clusterUid}))`;
  const rows = await db
    .update(agents)
    .set({ nextCredentialHash: next })
    .where(
      and(eq(agents.clusterUid, clusterUid), eq(agents.credentialHash, credentialHash), sql`not ${isTaken}`),
    )
    .returning({ clusterUid: agents.clusterUid });
  return rows.length > 0;
}

/**
 * Notes the start of an agent. `replaced`: a later one is in use; `unknown`: the agent was removed, or another one joined in its
 * place.
 * @param started the version is only noted
 */
export async function raiseGeneration(
  db: Queries,
  { clusterUid, joinId }: Pick<AgentRow, 'clusterUid' | 'joinId'>,
  started: Pick<AgentRow, 'generation' | 'agentVersion'>,
): Promise<'accepted' | 'replaced' | 'unknown'> {
  const isIt = and(eq(agents.clusterUid, clusterUid), eq(agents.joinId, joinId));
  const rows = await db
    .update(agents)
    .set(started)
    .where(and(isIt, lte(agents.generation, started.generation)))
    .returning({ clusterUid: agents.clusterUid });
  if (rows.length > 0) return 'accepted';
  return (await agentOf(db, clusterUid))?.joinId === joinId ? 'replaced' : 'unknown';
}

export async function agentOf(db: Queries, clusterUid: string): Promise<AgentRow | undefined> {
  const [row] = await db.select().from(agents).where(eq(agents.clusterUid, clusterUid));
  return row;
}

/** All of them, also of Clusters that are gone: controllers remove these (`deleteAgent`). */
export async function listAgents(db: Queries): Promise<AgentRow[]> {
  return db.select().from(agents);
}

/** Removes the agent of a Cluster that is gone: its credential and join keys open nothing any more, and gateways end its tunnels. */
export async function deleteAgent(db: Queries, clusterUid: string): Promise<void> {
  await db.delete(agentJoinKeys).where(eq(agentJoinKeys.clusterUid, clusterUid));
  // In the order of `renewTunnels`.
  await db.delete(agentTunnels).where(eq(agentTunnels.clusterUid, clusterUid));
  await db.delete(agents).where(eq(agents.clusterUid, clusterUid));
}

/** When a tunnel of the agent was open last, and how long ago that is by PostgreSQL's clock, in ms; undefined: never. */
export async function agentLastSeen(
  db: Queries,
  clusterUid: string,
): Promise<{ at: Date; agoMs: number } | undefined> {
  const agoMs = sql<number>`(extract(epoch from now() - ${agents.lastSeenAt}) * 1000)::float8`;
  const [row] = await db
    .select({ at: agents.lastSeenAt, agoMs })
    .from(agents)
    .where(eq(agents.clusterUid, clusterUid));
  return row === undefined || row.at === null ? undefined : { at: row.at, agoMs: row.agoMs };
}
