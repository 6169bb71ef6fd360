import { randomUUID } from 'node:crypto';
import { LruMap } from 'toad-cache';
import { PlatformError } from '../../contracts/errors.ts';
import { createChanges } from '../../db/changes.ts';
import type { Database } from '../../db/client.ts';
import { agentLastSeen, agentOf, raiseGeneration } from '../../db/queries/agents.ts';
import {
  closeTunnel,
  closeTunnelsOf,
  noteAgentVersion,
  openTunnel,
  renewTunnels,
  tunnelsOf,
} from '../../db/queries/agent-tunnels.ts';
import type { AcceptedTunnel } from './tunnel-session.ts';

/** An agent that speaks another version of the protocol. */
export type RefusedAgent = Pick<AcceptedTunnel, 'clusterUid' | 'joinId' | 'agentVersion'>;

/** Which gateway holds which tunnels, in PostgreSQL. */
export interface TunnelRecords {
  /**
   * Notes a tunnel of this gateway.
   * @returns its id
   * @throws PlatformError `conflict` if a newer process of the agent is in use, `unauthenticated` if the agent was removed;
   *   `database_unavailable`
   */
  open(tunnel: AcceptedTunnel): Promise<string>;
  /** Says that this gateway still holds these. Gives those whose rows are gone. @throws PlatformError `database_unavailable` */
  renew(ids: readonly string[]): Promise<string[]>;
  /** Notes one again whose row is gone. @throws PlatformError as `open` */
  reopen(id: string, tunnel: AcceptedTunnel): Promise<void>;
  close(id: string): Promise<void>;
  /** Notes the version of an agent without tunnels. @throws PlatformError `database_unavailable` */
  noteVersion(refused: RefusedAgent): Promise<void>;
  /** Addresses of other gateways that hold a tunnel of the cluster; at most 1 s old. */
  elsewhere(clusterUid: string): Promise<string[]>;
  /** The join and the generation in use; null if the agent was removed. */
  currentOf(clusterUid: string): Promise<Pick<AcceptedTunnel, 'joinId' | 'generation'> | null>;
  /** When a tunnel of it was open last, and how long ago that is by PostgreSQL's clock; undefined: never. */
  lastSeen(clusterUid: string): Promise<{ readonly at: Date; readonly agoMs: number } | undefined>;
  /** Calls `listener` with the uid of a Cluster whose agent or tunnels changed; undefined: any may have. Returns what ends that. */
  onChange(listener: (clusterUid: string | undefined) => void): () => void;
  /** Removes the rows of this gateway, and ends its connections. */
  end(): Promise<void>;
}

const answerMaxAgeMs = 1_000;
const clustersAtOnce = 2_000;

/**
 * @param address host:port of this gateway's CONNECT listener, for the others
 */
export function createTunnelRecords(database: Database, address: string): TunnelRecords {
  const gateway = randomUUID();
  const changes = createChanges(database.url, 'agents_changed');
  const places = new LruMap<{ readonly at: number; readonly addresses: Promise<string[]> }>(clustersAtOnce);

  async function insert(id: string, tunnel: AcceptedTunnel) {
    const { clusterUid, cluster, generation, slot, agentVersion } = tunnel;
    await database.transaction(async (tx) => {
      const outcome = await raiseGeneration(tx, tunnel, { generation, agentVersion });
      if (outcome === 'replaced')
        throw new PlatformError('conflict', `a newer agent of connected cluster ${cluster} is in use`);
      if (outcome === 'unknown')
        throw new PlatformError('unauthenticated', 'the agent was removed from the platform');
      await openTunnel(tx, { id, clusterUid, cluster, gateway, address, generation, slot });
    });
  }

  async function addressesOf(clusterUid: string): Promise<string[]> {
    const rows = await database.query((db) => tunnelsOf(db, clusterUid));
    const newest = rows[0]?.generation;
    const others = rows.filter((row) => row.gateway !== gateway && row.generation === newest);
    return [...new Set(others.map((row) => row.address))];
  }

  return {
    async open(tunnel) {
      const id = randomUUID();
      await insert(id, tunnel);
      return id;
    },
    async renew(ids) {
      const left = new Set(await database.query((db) => renewTunnels(db, gateway, ids)));
      return ids.filter((id) => !left.has(id));
    },
    reopen: insert,
    close: (id) => database.query((db) => closeTunnel(db, id)),
    noteVersion: (refused) => database.query((db) => noteAgentVersion(db, refused)),
    elsewhere(clusterUid) {
      const known = places.get(clusterUid);
      if (known !== undefined && performance.now() - known.at < answerMaxAgeMs) return known.addresses;
      const addresses = addressesOf(clusterUid);
      places.set(clusterUid, { at: performance.now(), addresses });
      addresses.catch(() => places.delete(clusterUid));
      return addresses;
    },
    async currentOf(clusterUid) {
      return (await database.query((db) => agentOf(db, clusterUid))) ?? null;
    },
    async lastSeen(clusterUid) {
      return database.query((db) => agentLastSeen(db, clusterUid));
    },
    onChange(listener) {
      return changes.subscribeAll((clusterUid) => {
        if (clusterUid === undefined) places.clear();
        else places.delete(clusterUid);
        listener(clusterUid);
      });
    },
    async end() {
      await database.query((db) => closeTunnelsOf(db, gateway)).catch(() => undefined); // they are dead in 10 s
      await changes.close();
      await database.close();
    },
  };
}
