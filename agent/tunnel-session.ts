import { constants, performServerHandshake, type ServerHttp2Stream } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import type { Duplex } from 'node:stream';
import { keepSession, sessionSettings } from '../adapters/tunnel/session-upkeep.ts';
import { tunnelSettings } from '../adapters/tunnel/tunnel-settings.ts';

/** What takes a stream that the gateway opens. It answers it, sooner or later. */
export type ServeStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** One connection to the gateway: HTTP/2 with the agent as server. */
export interface TunnelSession {
  /** Settles when it takes no new streams any more: the gateway drains it, or it is over. */
  readonly left: Promise<void>;
  /** Settles when it is over. */
  readonly closed: Promise<void>;
  readonly streams: number;
  /** Takes no new streams from now on, and tells the gateway; closes when the last one is over. */
  drain(): void;
  /** Ends it with all its streams. */
  destroy(): void;
}

/** The gateway may end all its streams at once; nghttp2's own bound (1,000, and 33/s) is for browsers. */
const resets = { streamResetBurst: 2 * tunnelSettings.maxConcurrentStreams, streamResetRate: 5_000 };

/**
 * Makes an upgraded connection a tunnel.
 * @param socket behind TLS; what was read from it already was put back
 */
export function createTunnelSession(
  socket: Duplex & { bytesRead?: number },
  serve: ServeStream,
): TunnelSession {
  const session = performServerHandshake(socket, {
    maxSessionMemory: tunnelSettings.maxSessionMemoryMiB,
    maxOutstandingPings: 10,
    ...resets,
    settings: { ...sessionSettings, maxConcurrentStreams: tunnelSettings.maxConcurrentStreams },
  });
  let streams = 0;
  const left = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const share = keepSession(session, socket);
  session.on('error', () => undefined); // `close` follows it
  session.on('goaway', () => left.resolve()); // Node closes it when its streams are over
  session.on('stream', (stream, headers) => {
    share(++streams);
    stream.once('close', () => {
      share(--streams);
    });
    serve(stream, headers);
  });
  session.once('close', () => {
    socket.destroy();
    left.resolve();
    closed.resolve();
  });
  return {
    left: left.promise,
    closed: closed.promise,
    get streams() {
      return streams;
    },
    drain() {
      left.resolve();
      if (session.closed || session.destroyed) return;
      session.goaway(constants.NGHTTP2_NO_ERROR);
      session.close();
    },
    destroy: () => session.destroy(),
  };
}
