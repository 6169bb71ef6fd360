import { sql } from 'drizzle-orm';
import type { Logger } from '../../adapters/logging.ts';
import { createChanges } from '../../db/changes.ts';
import type { Database } from '../../db/client.ts';
import { listRefusedJoins, type RefusedJoin } from '../../db/queries/agent-joins.ts';
import { connectedClusterUids, deleteDeadTunnels } from '../../db/queries/agent-tunnels.ts';
import { listAgents } from '../../db/queries/agents.ts';
import type { AgentRow } from '../../db/schema/agents.ts';
import type { KnownAgent } from '../../domain/status/cluster-status.ts';
import type { Caches } from '../caches.ts';

/** An agent as the gateways recorded it. */
export type RecordedAgent = KnownAgent &
  Pick<AgentRow, 'clusterUid' | 'joinId' | 'cluster' | 'generation' | 'agentVersion' | 'kubernetesVersion'>;

/** What PostgreSQL says of the agents of connected clusters, as read last. Clusters are named by the uid of their resource. */
export interface AgentRecords {
  get(clusterUid: string): RecordedAgent | undefined;
  list(): readonly RecordedAgent[];
  /** The last join that was refused, of an agent that has not joined since. */
  refusal(clusterUid: string): RefusedJoin | undefined;
  /** Since when they have been read without interruption, by the clock of PostgreSQL; undefined: they cannot be read at the moment. */
  readonly readSince: Date | undefined;
  /** By the clock of PostgreSQL, which the times here are by. */
  now(): Date;
  /** Calls `handler` with each cluster whose agent, tunnels or refusals changed; undefined: any may have, as they cannot be read, or can again. */
  onChange(handler: (clusterUid: string | undefined) => void): void;
  stop(): Promise<void>;
}

interface Snapshot {
  readonly agents: ReadonlyMap<string, RecordedAgent>;
  readonly refusals: ReadonlyMap<string, RefusedJoin>;
}

/** A gateway that is gone tells nothing. */
const readMs = 5_000;
/** Many agents that come at once are read together. */
const togetherMs = 100;

/** Reads them every 5 s, and when a gateway says that something changed. */
export function createAgentRecords(database: Database, logger: Logger): AgentRecords {
  const changes = createChanges(database.url, 'agents_changed');
  const handlers = new Set<(clusterUid: string | undefined) => void>();
  let snapshot: Snapshot = { agents: new Map(), refusals: new Map() };
  let readSince: Date | undefined;
  let clock = { at: new Date(), read: performance.now() };
  let next: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  let reading = Promise.resolve();
  let isStopped = false;

  function tell(clusterUids: Iterable<string | undefined>): void {
    for (const uid of clusterUids) for (const handler of handlers) handler(uid);
  }

  async function read(): Promise<void> {
    const { now, ...current } = await database.query(async (db) => {
      await deleteDeadTunnels(db);
      const agents = await listAgents(db);
      const connected = new Set(await connectedClusterUids(db));
      const refusals = await listRefusedJoins(db);
      const { rows } = await db.execute<{ now: number }>(
        sql`select extract(epoch from now())::float8 * 1000 as now`,
      );
      return {
        agents: new Map(agents.map((row) => [row.clusterUid, recorded(row, connected)])),
        refusals: new Map(refusals.map((refusal) => [refusal.clusterUid, refusal])),
        now: new Date(rows[0]?.now ?? Date.now()),
      };
    });
    const before = snapshot;
    const wasRead = readSince !== undefined;
    snapshot = current;
    clock = { at: now, read: performance.now() };
    readSince ??= now;
    if (!wasRead) return tell([undefined]);
    const uids = [before, current].flatMap(({ agents, refusals }) => [...agents.keys(), ...refusals.keys()]);
    tell([...new Set(uids)].filter((uid) => lookOf(before, uid) !== lookOf(current, uid)));
  }

  async function readAndGoOn(): Promise<void> {
    try {
      await read();
    } catch (err) {
      logger.debug({ err }, 'failed to read the records of agents');
      const couldRead = readSince !== undefined;
      readSince = undefined;
      if (couldRead) tell([undefined]);
    }
    schedule(readMs);
  }

  /** Reads after `ms` at the latest. */
  function schedule(ms: number): void {
    const at = performance.now() + ms;
    if (isStopped || (next !== undefined && next.at <= at)) return;
    clearTimeout(next?.timer);
    const begin = () => {
      next = undefined;
      reading = reading.then(readAndGoOn);
    };
    next = { at, timer: setTimeout(begin, ms) };
  }

  const stopListening = changes.subscribeAll(() => schedule(togetherMs));
  schedule(0);

  return {
    get: (uid) => snapshot.agents.get(uid),
    list: () => [...snapshot.agents.values()],
    refusal: (uid) => snapshot.refusals.get(uid),
    get readSince() {
      return readSince;
    },
    now: () => new Date(clock.at.getTime() + performance.now() - clock.read),
    onChange: (handler) => void handlers.add(handler),
    async stop() {
      isStopped = true;
      clearTimeout(next?.timer);
      stopListening();
      await reading;
      await changes.close();
    },
  };
}

function recorded(row: AgentRow, connected: ReadonlySet<string>): RecordedAgent {
  const { clusterUid, joinId, cluster, generation, agentVersion, kubernetesVersion } = row;
  return {
    ...{ clusterUid, joinId, cluster, generation, agentVersion, kubernetesVersion },
    isThere: connected.has(clusterUid),
    joinedAt: row.joinedAt,
    lastSeen: row.lastSeenAt ?? undefined,
  };
}

/** All of it but the time at which it was seen, which changes as long as it is there. */
function lookOf({ agents, refusals }: Snapshot, uid: string): string {
  const { lastSeen, ...agent } = agents.get(uid) ?? { lastSeen: undefined };
  return JSON.stringify([agent, lastSeen === undefined, refusals.get(uid)]);
}

/** Names of the Clusters that a change is about (`AgentRecords.onChange`). */
export function changedClusters({ clusters }: Caches, clusterUid: string | undefined): string[] {
  const isMeant = (uid: string) => clusterUid === undefined || clusterUid === uid;
  return clusters.list().flatMap(({ metadata: { uid, name } }) => (isMeant(uid) ? [name] : []));
}
