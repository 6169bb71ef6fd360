import { connect, type LookupFunction, type Socket } from 'node:net';
import { createCheckedLookup } from './allowed-addresses.ts';

const dialTimeoutMs = 5_000;
const checkedLookup = createCheckedLookup();

/** Opens a TCP connection. @throws Error if it is not there within 5 s */
export type DialTcp = (host: string, port: number) => Promise<Socket>;

export interface DialTcpOptions {
  /** For tests. */
  readonly lookup?: LookupFunction;
  /** What may wait in it to be sent; default: Node's. */
  readonly writeBufferBytes?: number;
}

/**
 * A TCP connection that may be half-closed, to an address as it is, or to what a name resolves to if that may be dialled.
 * @throws Error if it is not there within 5 s
 */
export function dialTcp(
  host: string,
  port: number,
  { lookup = checkedLookup, writeBufferBytes }: DialTcpOptions = {},
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({
    host,
    port,
    lookup,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    ...(writeBufferBytes === undefined ? {} : { writableHighWaterMark: writeBufferBytes }),
  });
  const timer = setTimeout(
    () => socket.destroy(new Error(`no connection within ${dialTimeoutMs / 1000} s`)),
    dialTimeoutMs,
  );
  // Stays: an error between here and the caller's own listener would end the process; `close` follows it.
  socket.on('error', (error) => {
    clearTimeout(timer);
    reject(error);
  });
  socket.once('connect', () => {
    clearTimeout(timer);
    resolve(socket);
  });
  return promise;
}
