import { type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import { keepAlive } from '../../adapters/tunnel/keep-alive.ts';
import { tunnelSettings } from '../../adapters/tunnel/tunnel-settings.ts';
import { tunnelHeaders } from '../../contracts/agents.ts';
import { PlatformError } from '../../contracts/errors.ts';

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
  /** Settles when it is over, whatever the reason. */
  readonly closed: Promise<void>;
}

/** A stream that the agent did not take, as its session ends: another one may. */
export class LostStreamError extends Error {
  override readonly name = 'LostStreamError';
}

const openMs = 5_000;
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
    settings: {
      enablePush: false,
      initialWindowSize: tunnelSettings.streamWindowBytes,
      maxFrameSize: tunnelSettings.maxFrameBytes,
      maxHeaderListSize: 8 * 1024,
    },
  });
  session.setLocalWindowSize(tunnelSettings.sessionWindowBytes);
  session.setTimeout(0);
  let isDraining = false;
  let isAnnounced = false;
  let streams = 0;
  const announceEnd = () => {
    if (!isAnnounced && !session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR);
    isAnnounced = true;
  };
  const { promise: closed, resolve: ended } = Promise.withResolvers<void>();
  keepAlive(session, socket);
  session.on('error', () => undefined); // `close` follows it
  session.on('goaway', () => {
    isDraining = true; // Node closes it when its streams are over
  });
  session.once('close', () => {
    isDraining = true;
    socket.destroy();
    ended();
  });
  return {
    async open(authority) {
      if (isDraining) throw new LostStreamError('the session takes no new streams');
      const stream = session.request({ ':method': 'CONNECT', ':authority': authority });
      streams++;
      stream.once('close', () => {
        streams--;
      });
      await accepted(stream, authority);
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
