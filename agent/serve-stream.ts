import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { tunnelHeaders, tunnelTarget } from '../contracts/agents.ts';
import { PlatformError } from '../contracts/errors.ts';
import type { Logger } from '../adapters/logging.ts';
import type { ServeStream } from './tunnel-session.ts';

/** Where streams lead to: there are no others. */
export interface StreamTargets {
  /** @throws Error */
  apiServer(): Promise<Socket>;
  /** @throws PlatformError `forbidden` if it is not a tenant cluster's; `cluster_unreachable` */
  service(namespace: string, service: string): Promise<Socket>;
  /** Of the agent's own API. */
  readonly agentApi: Server;
}

const label = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const serviceTarget = new RegExp(`^(${label})\\.(${label})\\.svc:443$`);
const maxReason = 300;

/** Connects CONNECT streams to their targets, byte for byte, and refuses everything else. */
export function createServeStream(targets: StreamTargets, logger: Logger): ServeStream {
  return (stream, headers) => {
    stream.on('error', () => undefined); // `close` follows it
    connect(stream, headers).catch((error: unknown) => {
      const isRefused = error instanceof PlatformError && error.code === 'forbidden';
      const reason = error instanceof PlatformError ? error.message : 'the agent failed to connect it';
      const target = headers[':authority']?.slice(0, maxReason);
      if (isRefused) logger.warn({ target, reason }, 'refused a stream');
      else logger.debug({ target, err: error }, 'failed to connect a stream');
      refuse(stream, isRefused ? 403 : 502, reason);
    });
  };

  async function connect(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    if (headers[':method'] !== 'CONNECT') {
      refuse(stream, 405, 'the agent knows CONNECT only');
      return;
    }
    const authority = headers[':authority'] ?? '';
    if (authority === tunnelTarget.agent) {
      stream.respond({ ':status': 200 });
      targets.agentApi.emit('connection', stream);
      return;
    }
    const socket = await dial(authority);
    if (stream.destroyed || stream.closed) socket.destroy();
    else join(stream, socket);
  }

  async function dial(authority: string): Promise<Socket> {
    if (authority === tunnelTarget.apiServer) return targets.apiServer();
    const [, service, namespace] = serviceTarget.exec(authority) ?? [];
    if (service === undefined || namespace === undefined)
      throw new PlatformError('forbidden', 'that is not a target of the agent');
    return targets.service(namespace, service);
  }
}

function refuse(stream: ServerHttp2Stream, status: number, reason: string): void {
  if (stream.destroyed || stream.closed) return;
  const text = encodeURIComponent(reason.toWellFormed().slice(0, maxReason).toWellFormed());
  stream.respond({ ':status': status, [tunnelHeaders.reason]: text }, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR); // whatever it still sends
}

/** Until both directions have ended, or one side breaks off: then the other one does, too. */
function join(stream: ServerHttp2Stream, socket: Socket): void {
  stream.respond({ ':status': 200 });
  pipeGathered(stream, socket);
  socket.pipe(stream);
  socket.once('close', (isBroken) => {
    if (isBroken || !stream.writableEnded) stream.close(constants.NGHTTP2_CONNECT_ERROR);
  });
  stream.once('aborted', () => socket.resetAndDestroy());
  stream.once('close', () => {
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) socket.resetAndDestroy();
  });
}

/**
 * As `pipe`, with one write for all that came in one turn of the event loop: HTTP/2 gives 16 KiB at a time, and a system call for each is
 * most of what an agent's processor would do.
 */
function pipeGathered(stream: ServerHttp2Stream, socket: Socket): void {
  let isGathering = false;
  stream.on('data', (chunk: Buffer) => {
    if (!isGathering) {
      isGathering = true;
      socket.cork();
      setImmediate(() => {
        isGathering = false;
        socket.uncork();
      });
    }
    if (!socket.write(chunk)) stream.pause();
  });
  socket.on('drain', () => stream.resume());
  stream.once('end', () => socket.end());
}
