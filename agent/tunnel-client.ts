import { setTimeout as delay } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { backoffMs } from '../adapters/backoff.ts';
import type { Logger } from '../adapters/logging.ts';
import { tunnelSlots } from '../contracts/agents.ts';
import { createComplaints, isForPeople } from './complaints.ts';
import { createTunnelSession, type ServeStream, type TunnelSession } from './tunnel-session.ts';

export interface TunnelClient {
  /** Settles when the first connection is open. */
  readonly ready: Promise<void>;
  /** Connections that take new streams. */
  readonly open: number;
  /** Connects again on every slot; what there is now drains then. */
  renew(): void;
  /** Takes no new streams; settles when the last one is over, or was ended after `drainMs`. */
  stop(drainMs: number): Promise<void>;
}

export interface TunnelClientOptions {
  /**
   * Opens a connection that is a tunnel from its first byte on.
   * @throws RefusedByPlatform; Error if it cannot be reached
   */
  readonly connect: (slot: number) => Promise<Duplex>;
  readonly serve: ServeStream;
  readonly logger: Logger;
}

const firstPauseMs = 200;
const longestPauseMs = 5_000;
/** What was refused is for people to mend. */
const refusedPauseMs = 30_000;
/** After one that lasted so long pauses begin again at the shortest. */
const goodMs = 10_000;

/** Keeps a connection to the gateway open on every slot until it is stopped. */
export function createTunnelClient({ connect, serve, logger }: TunnelClientOptions): TunnelClient {
  const stopping = new AbortController();
  const sessions = new Set<TunnelSession>();
  const ready = Promise.withResolvers<void>();
  const complain = createComplaints(logger);
  let open = 0;
  let renewing = Promise.withResolvers<void>();

  /** Settles when a new connection is due; the one that it made may still have streams, until its follower is there. */
  async function useOnce(slot: number, former: TunnelSession | undefined): Promise<TunnelSession> {
    const socket = await connect(slot);
    const session = createTunnelSession(socket, serve);
    sessions.add(session);
    void session.closed.then(() => sessions.delete(session));
    former?.drain();
    if (stopping.signal.aborted) session.drain();
    open++;
    ready.resolve();
    logger.info({ slot }, 'tunnel is open');
    await Promise.race([session.left, renewing.promise]);
    open--;
    logger.info({ slot, streams: session.streams }, 'leaving the tunnel');
    return session;
  }

  async function keep(slot: number): Promise<void> {
    let failures = 0;
    let former: TunnelSession | undefined;
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      let isRefused = false;
      try {
        former = await useOnce(slot, former);
        failures = performance.now() - startedAt < goodMs ? failures + 1 : 0;
      } catch (error) {
        failures++;
        if (!stopping.signal.aborted) complain(error);
        isRefused = isForPeople(error);
      }
      // All of it is random: many agents may have lost their connections at once.
      const pauseMs = isRefused
        ? refusedPauseMs * (0.8 + 0.4 * Math.random())
        : Math.random() * backoffMs(Math.max(0, failures - 1), firstPauseMs, longestPauseMs);
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined); // stopping
    }
  }

  for (let slot = 0; slot < tunnelSlots; slot++) void keep(slot);

  return {
    ready: ready.promise,
    get open() {
      return open;
    },
    renew() {
      renewing.resolve();
      renewing = Promise.withResolvers();
    },
    async stop(drainMs) {
      stopping.abort();
      for (const session of sessions) session.drain();
      const late = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, drainMs);
      await Promise.all([...sessions].map(({ closed }) => closed));
      clearTimeout(late);
    },
  };
}
