import { isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  connect as connectTls,
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import { requestContext } from '../http/request-context.ts';
import { OwnDispatcher } from './own-dispatcher.ts';
import { createReadinessGate, NotReadyError } from './readiness-gate.ts';
import { createUpstreamConnections } from './upstream-connections.ts';

/** A Kubernetes API that requests can be sent to, with its kept-alive connections. */
export interface Upstream {
  /** Fails with a DialError, within 13 s, requests to one that does not answer any more. */
  readonly dispatcher: Dispatcher;
  /**
   * A connection of one's own, TLS done, never shared and never in the pool; and half-open if what `dial` gives is.
   * @throws DialError
   */
  connect(): Promise<Socket>;
  /** What a request written on such a connection needs besides the caller's headers: names and values. */
  readonly ownHeaders: readonly string[];
  /** Ends all connections at once, streams too. */
  close(): Promise<void>;
  /** Takes no new requests; settles when what is under way is over, upgraded streams apart. */
  retire(): Promise<void>;
}

/** TLS and address of one Kubernetes API. */
export interface UpstreamTarget {
  readonly host: string;
  readonly port: number;
  /** Absent: the authorities that Node knows. */
  readonly ca?: string | Buffer;
  /** The gateway's own credential there: a client certificate with its key, or a bearer token. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly token?: string;
  /** Name that the server's certificate must have. */
  readonly servername: string;
}

/** Dialling failed: nothing of the request was sent. */
export class DialError extends Error {
  override readonly name = 'DialError';
  /** The server's certificate is not of the authorities that were read: it may have been made again, with new keys. */
  readonly isUntrusted: boolean;

  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
    this.isUntrusted = options.cause instanceof UntrustedServerError;
  }
}

class UntrustedServerError extends Error {
  override readonly name = 'UntrustedServerError';
}

/**
 * Connections to `target`, HTTP/1.1 over TLS 1.2 or newer. Nothing is dialled before the first request, and
 * nothing is sent to an API server that says it is not ready: one that starts refuses what it will allow.
 * @param dial gives the TCP connection, or a stream of a tunnel; TLS to the target runs end to end inside it
 */
export function createUpstream(target: UpstreamTarget, dial: () => Promise<Duplex>): Upstream {
  const { servername, token } = target;
  const credential = Object.fromEntries(
    (['ca', 'cert', 'key'] as const).flatMap((name) =>
      target[name] === undefined ? [] : [[name, target[name]]],
    ),
  );
  // An address is checked against the certificate, but must not be sent as server name (RFC 6066 §3).
  const peer = isIP(servername) === 0 ? { servername } : { host: servername };
  // Made once: reading certificates and key again for each connection costs more than the handshake.
  let secureContext: SecureContext | undefined;
  /** Of the last connection: the next one goes on with it, which is a handshake without certificates. */
  let session: Buffer | undefined;
  const dialTarget = async () => {
    secureContext ??= createSecureContext({ ...credential, minVersion: 'TLSv1.2' });
    const resumed = session === undefined ? {} : { session };
    const socket = await dialTls(
      dial,
      { ...peer, ...resumed, secureContext, ALPNProtocols: ['http/1.1'] },
      (given) => {
        session = given;
      },
    );
    return socket;
  };
  const passGate = createReadinessGate(dialTarget, { host: target.host, token });
  const connect = async () => {
    try {
      await passGate();
      return await dialTarget();
    } catch (error) {
      throw new DialError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  };
  const isAlive = async () => {
    try {
      await passGate();
    } catch (error) {
      // One that is not ready yet, or any more, answers all the same: what it has begun it may end.
      if (!(error instanceof NotReadyError))
        throw new DialError('the API server does not answer', { cause: error });
    }
  };
  const connections = createUpstreamConnections(
    `https://${target.host}:${target.port}`,
    (_options, callback) => {
      const made: { socket?: Socket } = {};
      // Kept for others' requests: what fails uncaught on it ends it, not the request that it was made for.
      requestContext.run({ cut: () => made.socket?.destroy() }, () => {
        const connecting = async () => (made.socket = await connect());
        void connectInto(connecting, callback);
      });
    },
    isAlive,
  );
  const { dispatcher } = connections;
  return {
    dispatcher: token === undefined ? dispatcher : withToken(dispatcher, token),
    connect,
    ownHeaders: ['Host', `${target.host}:${target.port}`, ...(token === undefined ? [] : bearer(token))],
    close: connections.close,
    retire: connections.retire,
  };
}

/** Gives undici the socket, or a DialError. */
async function connectInto(connect: () => Promise<Socket>, callback: buildConnector.Callback): Promise<void> {
  let socket: Socket;
  try {
    socket = await connect();
  } catch (error) {
    callback(error as DialError, null);
    return;
  }
  callback(null, socket);
}

function bearer(token: string): [string, string] {
  return ['Authorization', `Bearer ${token}`];
}

/** Adds the gateway's own bearer token below the checks of headers, which let no Authorization through. */
function withToken(dispatcher: Dispatcher, token: string): Dispatcher {
  const own = bearer(token);
  return new OwnDispatcher((options, handler) => {
    const headers = Array.isArray(options.headers) ? (options.headers as string[]) : [];
    return dispatcher.dispatch({ ...options, headers: [...headers, ...own] }, handler);
  });
}

const dialTimeoutMs = 5_000;
const tcpKeepAliveMs = 30_000;

/** TLS inside the connection that `dial` gives. @throws Error if it is not there within 5 s */
async function dialTls(
  dial: () => Promise<Duplex>,
  options: ConnectionOptions,
  onSession: (session: Buffer) => void,
): Promise<Socket> {
  const raw = await dial();
  if (raw instanceof Socket) {
    raw.setKeepAlive(true, tcpKeepAliveMs);
    raw.setNoDelay(true);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connectTls({ ...options, socket: raw });
  socket.on('session', onSession);
  const timer = setTimeout(
    () => socket.destroy(new Error(`no TLS handshake within ${dialTimeoutMs / 1000} s`)),
    dialTimeoutMs,
  );
  const failed = (error?: Error) => {
    clearTimeout(timer);
    socket.destroy();
    raw.destroy();
    // The types promise an Error; it is null as long as nothing was refused.
    const isUntrusted = (socket.authorizationError as unknown) !== null && error !== undefined;
    if (isUntrusted) reject(new UntrustedServerError(error.message, { cause: error }));
    else reject(error ?? new Error('the connection was closed during the TLS handshake'));
  };
  // Stays: an error between here and the caller's own listener would end the process; `close` follows it.
  socket.on('error', () => undefined);
  socket.once('error', failed);
  socket.once('close', failed);
  socket.once('secureConnect', () => {
    clearTimeout(timer);
    socket.off('error', failed);
    socket.off('close', failed);
    resolve(socket);
  });
  return promise;
}
