import { and, desc, eq, inArray, ne, notExists, sql } from 'drizzle-orm';
import type { Queries } from '../client.ts';
import { type AgentRow, agents, type AgentTunnelRow, agentTunnels } from '../schema/agents.ts';

/** Its gateway is gone, or does not reach PostgreSQL, if it did not renew the row for so long. */
const aliveSeconds = 10;
const isAlive = sql`${agentTunnels.renewedAt} > now() - make_interval(secs => ${aliveSeconds})`;

/** Notes a tunnel that a gateway holds, and that the agent was seen. */
export async function openTunnel(
  db: Queries,
  tunnel: Omit<AgentTunnelRow, 'openedAt' | 'renewedAt'>,
): Promise<void> {
  await db.insert(agentTunnels).values(tunnel);
  await db.execute(sql`update agents set last_seen_at = now() where cluster_uid = ${tunnel.clusterUid}`);
}

/**
 * Says that a gateway still holds its tunnels, and that their agents were seen. Gives the ids of the rows that are left: others were
 * removed as dead meanwhile, or with their agent.
 * @param only ids of tunnels, of a gateway that has rows of tunnels that it holds no more
 */
export async function renewTunnels(
  db: Queries,
  gateway: string,
  only?: readonly string[],
): Promise<string[]> {
  const isTheirs = and(
    eq(agentTunnels.gateway, gateway),
    only === undefined ? undefined : inArray(agentTunnels.id, [...only]),
  );
  const { rows } = await db.execute<{ id: string }>(sql`
    with renewed as (update agent_tunnels set renewed_at = now() where ${isTheirs} returning id, cluster_uid),
      -- One that is locked is being seen by another gateway.
      seen as (update agents set last_seen_at = now() where cluster_uid in (
        select cluster_uid from agents where cluster_uid in (select cluster_uid from renewed) for update skip locked))
    select id from renewed`);
  return rows.map(({ id }) => id);
}

export async function closeTunnel(db: Queries, id: string): Promise<void> {
  await db.delete(agentTunnels).where(eq(agentTunnels.id, id));
}

/** Those of a gateway that ends. */
export async function closeTunnelsOf(db: Queries, gateway: string): Promise<void> {
  await db.delete(agentTunnels).where(eq(agentTunnels.gateway, gateway));
}

/** Tunnels of a cluster whose gateways hold them, of the newest agent first. */
export async function tunnelsOf(db: Queries, clusterUid: string): Promise<AgentTunnelRow[]> {
  return db
    .select()
    .from(agentTunnels)
    .where(and(eq(agentTunnels.clusterUid, clusterUid), isAlive))
    .orderBy(desc(agentTunnels.generation), desc(agentTunnels.openedAt));
}

/** Notes the version of an agent that is refused for it; one with tunnels was let in with another. */
export async function noteAgentVersion(
  db: Queries,
  { clusterUid, joinId, agentVersion }: Pick<AgentRow, 'clusterUid' | 'joinId' | 'agentVersion'>,
): Promise<void> {
  const isIt = and(eq(agents.clusterUid, clusterUid), eq(agents.joinId, joinId));
  const tunnels = db
    .select({ id: agentTunnels.id })
    .from(agentTunnels)
    .where(and(eq(agentTunnels.clusterUid, clusterUid), isAlive));
  await db
    .update(agents)
    .set({ agentVersion })
    .where(and(isIt, ne(agents.agentVersion, agentVersion), notExists(tunnels)));
}

/** Whether the agent of a connected cluster of this name has a tunnel at some gateway. */
export async function hasTunnel(db: Queries, cluster: string): Promise<boolean> {
  const isTheirs = and(eq(agentTunnels.cluster, cluster), isAlive);
  const rows = await db.select({ id: agentTunnels.id }).from(agentTunnels).where(isTheirs).limit(1);
  return rows.length > 0;
}

/** Version of the newest agent of a Cluster, if that has a tunnel at some gateway. */
export async function connectedAgentVersion(db: Queries, clusterUid: string): Promise<string | undefined> {
  const isNewest = and(
    eq(agents.clusterUid, agentTunnels.clusterUid),
    eq(agents.generation, agentTunnels.generation),
  );
  const [row] = await db
    .select({ version: agents.agentVersion })
    .from(agentTunnels)
    .innerJoin(agents, isNewest)
    .where(and(eq(agentTunnels.clusterUid, clusterUid), isAlive))
    .limit(1);
  return row?.version;
}

/** Uids of the Clusters whose agents have a tunnel at some gateway. */
export async function connectedClusterUids(db: Queries): Promise<string[]> {
  const rows = await db
    .select({ clusterUid: agentTunnels.clusterUid })
    .from(agentTunnels)
    .where(isAlive)
    .groupBy(agentTunnels.clusterUid);
  return rows.map(({ clusterUid }) => clusterUid);
}

/** Removes the rows of gateways that are gone, which tells those who listen. Several may do so at once, and their gateways come back. */
export async function deleteDeadTunnels(db: Queries): Promise<void> {
  await db.execute(sql`
    delete from agent_tunnels where id in (
      select ${agentTunnels.id} from agent_tunnels where not ${isAlive} for update skip locked)`);
}
