import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../adapters/logging.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { createOpeningLimits } from './opening-limits.ts';
import type { OtherGateways } from './other-gateways.ts';
import type { RefusedAgent, TunnelRecords } from './tunnel-records.ts';
import {
  type AcceptedTunnel,
  createTunnelSession,
  LostStreamError,
  type TunnelSession,
} from './tunnel-session.ts';

/** The tunnels of agents, at this gateway and at others. */
export interface AgentTunnels {
  /**
   * A connection to `authority` (contracts/agents.ts `tunnelTarget`) inside a cluster, through a tunnel of this gateway or else
   * of another one.
   * @throws PlatformError `cluster_offline` within 1 s if no agent is connected; `cluster_unreachable`, `forbidden` as the agent says
   */
  open(cluster: string, authority: string): Promise<Duplex>;
  /** As `open`, with the tunnels of this gateway alone. */
  openHere(cluster: string, authority: string): Promise<Duplex>;
  /** Whether this gateway has a tunnel of the cluster. */
  isHere(cluster: string): boolean;
  /**
   * Notes the connection and ends those whose place it takes. Call the result when the agent has been told, with the socket. An agent
   * has four at most, streams that drain included: beyond that the oldest is cut.
   * @throws PlatformError `conflict` if a newer process of the agent is in use; `too_many_attempts`; `database_unavailable`
   */
  accept(tunnel: AcceptedTunnel): Promise<(socket: Duplex) => void>;
  /** Notes the version of an agent that cannot be let in for it, so that people see it. @throws PlatformError `database_unavailable` */
  noteVersion(refused: RefusedAgent): Promise<void>;
  /** Has the agents connect to other gateways; what is here goes on. */
  announceEnd(): void;
  /** Tunnels of this gateway. */
  readonly size: number;
  /** Ends those that are open now, with their streams. */
  closeAll(): void;
  /** Ends all of them, and takes no more. */
  close(): Promise<void>;
}

interface Held extends AcceptedTunnel {
  readonly id: string;
  readonly session: TunnelSession;
}

export interface AgentTunnelsOptions {
  readonly records: TunnelRecords;
  readonly others: OtherGateways;
  /** Uid of the Cluster of that name; undefined if there is none. */
  readonly uidOf: (cluster: string) => string | undefined;
  readonly logger: Logger;
}

/** How long a request waits for an agent that was there a moment ago. */
const returnMs = 700;
/** Which is so long. */
const momentMs = 30_000;
const lookAgainMs = 100;
const renewMs = 3_000;
/** Of one agent at this gateway: two in use, and two that they took the place of. */
const maxAlive = 4;

export function createAgentTunnels(options: AgentTunnelsOptions): AgentTunnels {
  const { records, others, uidOf, logger } = options;
  /** By uid of the Cluster. */
  const held = new Map<string, Held[]>();
  const limits = createOpeningLimits();
  let isStopping = false;

  const renewing = setInterval(() => {
    renew().catch((err: unknown) => logger.debug({ err }, 'failed to renew tunnels'));
  }, renewMs).unref();
  const stopListening = records.onChange((uid) => {
    for (const known of uid === undefined ? [...held.keys()] : [uid]) void endReplaced(known);
  });

  async function renew(): Promise<void> {
    const all = [...held.values()].flat();
    if (all.length === 0) return;
    const gone = new Set(await records.renew(all.map(({ id }) => id)));
    // PostgreSQL was away for long, or the agent was removed.
    for (const tunnel of all)
      if (gone.has(tunnel.id) && !tunnel.session.isDraining)
        await records.reopen(tunnel.id, tunnel).catch((error: unknown) => {
          if (error instanceof PlatformError && error.code === 'unauthenticated') tunnel.session.close();
          else if (error instanceof PlatformError && error.code === 'conflict') tunnel.session.drain();
          else throw error;
        });
  }

  /** Those of processes that another gateway has seen a newer one of. */
  async function endReplaced(uid: string): Promise<void> {
    if (!held.has(uid)) return;
    const current = await records.currentOf(uid).catch(() => undefined);
    if (current === undefined) return;
    // The agent is gone from the records: its Cluster was deleted, or another agent joined as it.
    for (const tunnel of held.get(uid) ?? []) {
      if (current?.joinId !== tunnel.joinId) tunnel.session.close();
      else if (tunnel.generation < current.generation) tunnel.session.drain();
    }
  }

  function best(uid: string | undefined): TunnelSession | undefined {
    const usable = (uid === undefined ? [] : (held.get(uid) ?? [])).filter(
      ({ session }) => !session.isDraining,
    );
    const newest = Math.max(...usable.map(({ generation }) => generation));
    return usable
      .filter(({ generation }) => generation === newest)
      .map(({ session }) => session)
      .toSorted((a, b) => a.streams - b.streams)[0];
  }

  async function openHere(cluster: string, authority: string): Promise<Duplex> {
    const session = best(uidOf(cluster));
    if (session === undefined) throw offline(cluster, undefined);
    return session.open(authority).catch((error: unknown) => {
      throw error instanceof LostStreamError ? offline(cluster, undefined) : error;
    });
  }

  function remove(tunnel: Held, breach: string | undefined): void {
    const left = (held.get(tunnel.clusterUid) ?? []).filter((other) => other !== tunnel);
    if (left.length > 0) held.set(tunnel.clusterUid, left);
    else held.delete(tunnel.clusterUid);
    const { cluster, clusterUid, slot } = tunnel;
    if (breach !== undefined) {
      limits.broke(clusterUid);
      logger.warn({ cluster, slot, reason: breach }, 'an agent broke the rules of its tunnel');
    }
    logger.info({ cluster, slot, tunnels: left.length }, 'tunnel of an agent closed');
    records.close(tunnel.id).catch((err: unknown) => logger.debug({ err }, 'failed to note a closed tunnel'));
  }

  function cutBeyondBound(clusterUid: string): void {
    const all = held.get(clusterUid) ?? [];
    const draining = all.filter(({ session }) => session.isDraining);
    for (const { session } of draining.slice(0, Math.max(0, all.length - maxAlive))) session.close();
  }

  function closeAll(): void {
    for (const { session } of [...held.values()].flat()) session.close();
  }

  return {
    openHere,
    isHere: (cluster) => best(uidOf(cluster)) !== undefined,

    async open(cluster, authority) {
      const uid = uidOf(cluster);
      if (uid === undefined)
        throw new PlatformError('cluster_not_found', `connected cluster ${cluster} not found`);
      const giveUpAt = performance.now() + returnMs;
      for (;;) {
        const isLate = performance.now() > giveUpAt;
        const session = best(uid);
        if (session !== undefined) {
          const stream = await openUnlessLost(session, authority, isLate);
          if (stream !== undefined) return stream;
          continue;
        }
        const elsewhere = await others.open({ uid, name: cluster }, authority);
        if (elsewhere !== undefined) return elsewhere;
        const seen = await records.lastSeen(uid);
        if (isLate || seen === undefined || seen.agoMs > momentMs) throw offline(cluster, seen?.at);
        await delay(lookAgainMs);
      }
    },

    async accept(tunnel) {
      limits.check(tunnel.clusterUid);
      const id = await records.open(tunnel);
      return (socket) => {
        const { cluster, slot, generation, agentVersion } = tunnel;
        const session = createTunnelSession(socket);
        const mine: Held = { ...tunnel, id, session };
        const before = held.get(tunnel.clusterUid) ?? [];
        held.set(tunnel.clusterUid, [...before, mine]);
        void session.closed.then((breach) => remove(mine, breach));
        if (isStopping) session.announceEnd();
        for (const other of before)
          if (other.generation < generation || (other.generation === generation && other.slot === slot))
            other.session.drain();
        cutBeyondBound(tunnel.clusterUid);
        logger.info({ cluster, slot, generation, agentVersion }, 'tunnel of an agent opened');
      };
    },

    noteVersion: (refused) => records.noteVersion(refused),

    announceEnd() {
      isStopping = true;
      for (const { session } of [...held.values()].flat()) session.announceEnd();
    },
    get size() {
      return [...held.values()].flat().length;
    },

    closeAll,

    async close() {
      clearInterval(renewing);
      stopListening();
      const all = [...held.values()].flat();
      closeAll();
      await Promise.all(all.map(({ session }) => session.closed));
      await records.end();
    },
  };
}

/**
 * The stream, or undefined if the session ended before the agent took it.
 * @param isLate whether there is no time for another one
 */
async function openUnlessLost(
  session: TunnelSession,
  authority: string,
  isLate: boolean,
): Promise<Duplex | undefined> {
  try {
    return await session.open(authority);
  } catch (error) {
    if (!(error instanceof LostStreamError)) throw error;
    if (isLate) throw new PlatformError('cluster_unreachable', error.message, { cause: error });
    return undefined;
  }
}

function offline(cluster: string, since: Date | undefined): PlatformError {
  const text =
    since === undefined
      ? `connected cluster ${cluster} is offline: its agent has never been connected`
      : `connected cluster ${cluster} is offline: its agent was last connected at ${since.toISOString()}`;
  return new PlatformError('cluster_offline', text, {
    details: { connectedCluster: cluster, ...(since && { offlineSince: since.toISOString() }) },
  });
}
