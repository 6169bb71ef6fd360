import { type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { keepSession, sessionSettings } from '../../adapters/tunnel/session-upkeep.ts';
import { tunnelSettings } from '../../adapters/tunnel/tunnel-settings.ts';
import { tunnelHeaders } from '../../contracts/agents.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { createFrameBound } from './frame-bound.ts';

/** A connection that an agent was let in with. */
export interface AcceptedTunnel {
  readonly cluster: string;
  /** Of the Cluster resource. */
  readonly clusterUid: string;
  /** Of the agent's join: when another agent joins in its place, its tunnels end. */
  readonly joinId: string;
  /** Of the agent's process: the highest is the one in use. */
  readonly generation: number;
  readonly slot: number;
  readonly agentVersion: string;
}

/** One connection of an agent: HTTP/2 with the gateway as client, each CONNECT stream a connection inside its cluster. */
export interface TunnelSession {
  /**
   * Opens a connection to `authority` (contracts/agents.ts `tunnelTarget`) inside the cluster.
   * @throws PlatformError `cluster_unreachable` if the agent does not reach it; `forbidden` if it is not a target; LostStreamError
   */
  open(authority: string): Promise<Duplex>;
  /** Open streams. */
  readonly streams: number;
  /** Tells the agent that it ends soon: it opens another one first. */
  announceEnd(): void;
  /** As `announceEnd`, and takes no new streams; closes when the last one is over. */
  drain(): void;
  readonly isDraining: boolean;
  /** Ends it with all its streams. */
  close(): void;
  /** Settles when it is over: with what the agent did that none of ours does, if that is why. */
  readonly closed: Promise<string | undefined>;
}

/** A stream that the agent did not take, as its session ends: another one may. */
export class LostStreamError extends Error {
  override readonly name = 'LostStreamError';
}

/** The agent did what HTTP/2 allows, and no agent of ours does. */
class BreachError extends Error {
  override readonly name = 'BreachError';
}

/** Of Node, for frames that HTTP/2 does not allow. */
const breaches: ReadonlySet<string> = new Set(['ERR_HTTP2_ERROR', 'ERR_HTTP2_TOO_MANY_INVALID_FRAMES']);
const openMs = 5_000;
/** A session's streams end before it does. */
const endKnownMs = 100;
const maxReason = 300;

/**
 * Makes the socket of an accepted upgrade a tunnel.
 * @param socket behind TLS, nothing read from it since the request's head
 */
export function createTunnelSession(socket: Duplex & { readonly bytesRead?: number }): TunnelSession {
  const session = connect('http://agent', {
    createConnection: () => socket,
    maxSessionMemory: tunnelSettings.maxSessionMemoryMiB,
    maxOutstandingPings: 4,
    maxReservedRemoteStreams: 0,
    settings: { ...sessionSettings, enablePush: false },
  });
  let isDraining = false;
  let isAnnounced = false;
  let streams = 0;
  const announceEnd = () => {
    if (!isAnnounced && !session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR);
    isAnnounced = true;
  };
  const { promise: closed, resolve: ended } = Promise.withResolvers<string | undefined>();
  const share = keepSession(session, socket);
  const cut = (why: string) => session.destroy(new BreachError(why));
  const countFrames = createFrameBound(() => cut('the agent sends a flood of small frames'));
  let breach: string | undefined;
  // `close` follows it.
  session.on('error', (error: NodeJS.ErrnoException) => {
    if (error instanceof BreachError || breaches.has(error.code ?? '')) breach = error.message;
  });
  session.on('goaway', () => {
    isDraining = true; // Node closes it when its streams are over
  });
  session.once('close', () => {
    isDraining = true;
    socket.destroy();
    ended(breach);
  });
  return {
    async open(authority) {
      if (isDraining || session.destroyed) throw new LostStreamError('the session takes no new streams');
      const stream = session.request({ ':method': 'CONNECT', ':authority': authority });
      countFrames(stream);
      share(++streams);
      stream.once('close', () => {
        share(--streams);
      });
      // Of an answer to come, as often as it likes: agents send none.
      stream.once('headers', () => cut('the agent sends answers to come'));
      await accepted(stream, authority).catch(async (error: unknown) => {
        if (!(error instanceof LostStreamError)) throw error;
        await Promise.race([closed, delay(endKnownMs)]);
        if (isDraining) throw error;
        // Asked again, it would reset them as often as it likes.
        throw new PlatformError('cluster_unreachable', error.message, { cause: error });
      });
      return stream;
    },
    get streams() {
      return streams;
    },
    get isDraining() {
      return isDraining;
    },
    announceEnd,
    drain() {
      if (isDraining) return;
      isDraining = true;
      announceEnd();
      session.close();
    },
    close: () => session.destroy(),
    closed,
  };
}

/** Settles when the agent has connected the stream. @throws PlatformError */
function accepted(stream: ClientHttp2Stream, authority: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const unreached = new PlatformError('cluster_unreachable', `the agent did not connect ${authority}`);
  const late = setTimeout(() => {
    reject(unreached);
    stream.close(constants.NGHTTP2_CANCEL);
  }, openMs);
  stream.on('error', () => undefined); // stays: `close` follows it
  stream.once('close', () => {
    clearTimeout(late);
    reject(new LostStreamError(unreached.message));
  });
  stream.once('response', (headers) => {
    clearTimeout(late);
    const status = headers[':status'];
    if (status === 200) {
      resolve();
      return;
    }
    const code = status === 403 ? 'forbidden' : 'cluster_unreachable';
    reject(new PlatformError(code, reasonOf(headers[tunnelHeaders.reason], authority)));
    stream.close(constants.NGHTTP2_CANCEL);
  });
  return promise;
}

/** What an agent says is a text for people, and nothing more: bounded, one line, printable. */
function reasonOf(given: unknown, authority: string): string {
  const unknown = `the agent cannot connect ${authority}`;
  if (typeof given !== 'string') return unknown;
  try {
    const text = decodeURIComponent(given.slice(0, 3 * maxReason)).replace(/\p{C}+/gu, ' ');
    return text.slice(0, maxReason) || unknown;
  } catch {
    return unknown;
  }
}
