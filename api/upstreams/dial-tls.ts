import type { Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

const dialTimeoutMs = 5_000;
const tcpKeepAliveMs = 30_000;

/** TLS inside the TCP connection that `dial` gives. @throws Error if it is not there within 5 s */
export async function dialTls(dial: () => Promise<Socket>, options: ConnectionOptions): Promise<Socket> {
  const raw = await dial();
  raw.setKeepAlive(true, tcpKeepAliveMs);
  raw.setNoDelay(true);
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connectTls({ ...options, socket: raw });
  const timer = setTimeout(
    () => socket.destroy(new Error(`no TLS handshake within ${dialTimeoutMs / 1000} s`)),
    dialTimeoutMs,
  );
  const failed = (error?: Error) => {
    clearTimeout(timer);
    socket.destroy();
    raw.destroy();
    reject(error ?? new Error('the connection was closed during the TLS handshake'));
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
