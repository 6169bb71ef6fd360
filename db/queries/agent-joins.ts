import { and, desc, eq, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm';
import type { Queries } from '../client.ts';
import {
  agentJoinKeys,
  type AgentRow,
  agents,
  agentTunnels,
  type JoinKeyRow,
  type JoinRefusal,
} from '../schema/agents.ts';
import { agentOf, deleteAgent } from './agents.ts';

/** Whatever holds it, another join waits for its end: joins are rare, and two of them may be about the same cluster. */
const joinLock = 7_214_013;

/** Keys of a Cluster that were not used. */
const maxUnused = 10;

/** Adds a key that is good for `validSeconds`; the oldest of the Cluster beyond 10 that were not used ends, and so do expired ones. */
export async function insertJoinKey(
  db: Queries,
  key: Pick<JoinKeyRow, 'keyHash' | 'clusterUid' | 'cluster' | 'createdBy'>,
  validSeconds: number,
): Promise<void> {
  await db.delete(agentJoinKeys).where(lt(agentJoinKeys.expiresAt, sql`now()`));
  const expiresAt = sql`now() + make_interval(secs => ${validSeconds})`;
  await db.insert(agentJoinKeys).values({ ...key, expiresAt });
  const unused = db
    .select({ keyHash: agentJoinKeys.keyHash })
    .from(agentJoinKeys)
    .where(and(eq(agentJoinKeys.clusterUid, key.clusterUid), isNull(agentJoinKeys.usedAt)))
    .orderBy(desc(agentJoinKeys.createdAt))
    .offset(maxUnused);
  await db.delete(agentJoinKeys).where(sql`${agentJoinKeys.keyHash} in (${unused})`);
}

/** Which Cluster a key is for, whether or not it is good; undefined: there never was such a key, or it has ended. */
export async function findJoinKey(
  db: Queries,
  keyHash: string,
): Promise<Pick<JoinKeyRow, 'cluster' | 'clusterUid'> | undefined> {
  const [row] = await db
    .select({ cluster: agentJoinKeys.cluster, clusterUid: agentJoinKeys.clusterUid })
    .from(agentJoinKeys)
    .where(eq(agentJoinKeys.keyHash, keyHash));
  return row;
}

/** An agent that joins with a key. */
export interface JoiningAgent
  extends Pick<AgentRow, 'kubeSystemUid' | 'credentialHash' | 'agentVersion' | 'kubernetesVersion'> {
  readonly keyHash: string;
}

/**
 * What became of a join: `joined` also if the key was used with this credential before. `ended`: the key does not exist, has expired
 * or was used with another credential. `taken`: the credential is one already.
 */
export type JoinOutcome = 'joined' | 'ended' | 'taken' | JoinRefusal;

/**
 * Uses a key up, and notes the agent with its credential, which ends those before it. A refusal is noted with the key.
 * @param tx a transaction, to be committed whatever the outcome
 * @param isPresent whether the Cluster of a uid exists: the agent of one that does not is removed if it is in the way
 */
export async function joinAgent(
  tx: Queries,
  joining: JoiningAgent,
  isPresent: (clusterUid: string) => boolean,
): Promise<JoinOutcome> {
  await tx.execute(sql`select pg_advisory_xact_lock(${joinLock})`);
  const { keyHash, ...agent } = joining;
  const [key] = await tx
    .select({ row: agentJoinKeys, expired: sql<boolean>`${agentJoinKeys.expiresAt} <= now()` })
    .from(agentJoinKeys)
    .where(eq(agentJoinKeys.keyHash, keyHash))
    .for('update');
  if (key === undefined) return 'ended';
  const { clusterUid, cluster, usedByHash } = key.row;
  const before = await agentOf(tx, clusterUid);
  // Said again. A credential that has ended since does not come back.
  if (usedByHash !== null) return before !== undefined && isOf(before, joining) ? 'joined' : 'ended';
  if (key.expired) return 'ended';
  const refusal = await refusalOf(tx, { before, clusterUid, kubeSystemUid: agent.kubeSystemUid }, isPresent);
  if (refusal !== undefined) {
    await tx
      .update(agentJoinKeys)
      .set({ refusedAt: sql`now()`, refusedReason: refusal })
      .where(eq(agentJoinKeys.keyHash, keyHash));
    return refusal;
  }
  if (await isCredential(tx, agent.credentialHash)) return 'taken';
  // Those of the agent before it, whose starts were counted apart.
  await tx.delete(agentTunnels).where(eq(agentTunnels.clusterUid, clusterUid));
  const fresh = {
    ...agent,
    joinId: sql`gen_random_uuid()`,
    nextCredentialHash: null,
    generation: 0,
    joinedAt: sql`now()`,
  };
  await tx
    .insert(agents)
    .values({ ...fresh, clusterUid, cluster })
    .onConflictDoUpdate({ target: agents.clusterUid, set: fresh });
  await tx
    .update(agentJoinKeys)
    .set({ refusedAt: null, refusedReason: null })
    .where(and(eq(agentJoinKeys.clusterUid, clusterUid), isNotNull(agentJoinKeys.refusedReason)));
  await tx
    .update(agentJoinKeys)
    .set({ usedAt: sql`now()`, usedByHash: agent.credentialHash })
    .where(eq(agentJoinKeys.keyHash, keyHash));
  return 'joined';
}

async function refusalOf(
  tx: Queries,
  {
    before,
    clusterUid,
    kubeSystemUid,
  }: { before: AgentRow | undefined } & Pick<AgentRow, 'clusterUid' | 'kubeSystemUid'>,
  isPresent: (clusterUid: string) => boolean,
): Promise<JoinRefusal | undefined> {
  if (before !== undefined && before.kubeSystemUid !== kubeSystemUid) return 'OtherCluster';
  const [other] = await tx
    .select()
    .from(agents)
    .where(and(eq(agents.kubeSystemUid, kubeSystemUid), ne(agents.clusterUid, clusterUid)));
  if (other === undefined) return undefined;
  if (isPresent(other.clusterUid)) return 'ClusterUID';
  await deleteAgent(tx, other.clusterUid);
  return undefined;
}

async function isCredential(tx: Queries, hash: string): Promise<boolean> {
  const rows = await tx
    .select({ clusterUid: agents.clusterUid })
    .from(agents)
    .where(or(eq(agents.credentialHash, hash), eq(agents.nextCredentialHash, hash)));
  return rows.length > 0;
}

function isOf(agent: AgentRow, { credentialHash }: Pick<AgentRow, 'credentialHash'>): boolean {
  return agent.credentialHash === credentialHash || agent.nextCredentialHash === credentialHash;
}

/** A Cluster that an agent asked to join as, and was refused. */
export interface RefusedJoin {
  readonly clusterUid: string;
  readonly cluster: string;
  /**
   * `ClusterUID`: that cluster is connected as another Cluster, so that this one has to be `Failed` with this reason. `OtherCluster`:
   * this Cluster has an agent, in another cluster, and goes on with it.
   */
  readonly reason: JoinRefusal;
  readonly refusedAt: Date;
}

/**
 * The last refusal of each Cluster. One goes with the next join of the Cluster that succeeds, and with its key: a day after that
 * was made at the latest. Agents that were refused try again every few minutes.
 */
export async function listRefusedJoins(db: Queries): Promise<RefusedJoin[]> {
  const rows = await db
    .select()
    .from(agentJoinKeys)
    .where(and(isNotNull(agentJoinKeys.refusedReason), sql`${agentJoinKeys.expiresAt} > now()`))
    .orderBy(agentJoinKeys.refusedAt);
  const last = new Map<string, RefusedJoin>();
  for (const { clusterUid, cluster, refusedReason: reason, refusedAt } of rows)
    if (reason !== null && refusedAt !== null)
      last.set(clusterUid, { clusterUid, cluster, reason, refusedAt });
  return [...last.values()];
}
