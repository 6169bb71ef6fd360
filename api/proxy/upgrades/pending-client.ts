import type { Duplex } from 'node:stream';
import { PlatformError } from '../../../contracts/errors.ts';
import { GatewayShutdown } from '../../streams/stream-registry.ts';

/** A client that waits for the answer to its request to upgrade. */
export interface PendingClient {
  /** Aborted when it goes away, or by `abort`. */
  readonly signal: AbortSignal;
  /** Calls `listener` when it has gone away. */
  onGone(listener: () => void): void;
  /** Ends the wait from our side, or what came of it. Closes the connection, unless `reason` is an answer: a PlatformError while it waits. */
  abort(reason: Error): void;
  /** Ends the wait: what came early can be read from the socket again. */
  release(): void;
}

/** Bytes that a client may send before it knows the answer. */
export const maxEarlyBytes = 64 * 1024;

/**
 * Watches a client's connection while its upgrade is under way. The bytes it sends before the answer are kept aside,
 * up to 64 KiB, then it is held back.
 * @param head what stood right behind the request's head
 */
export function createPendingClient(socket: Duplex, head: Buffer): PendingClient {
  const controller = new AbortController();
  const early: Buffer[] = [head];
  let bytes = head.length;
  let isPending = true;
  const keep = (chunk: Buffer) => {
    early.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxEarlyBytes) socket.pause();
  };
  const gone = () => {
    controller.abort(new Error('the client disconnected'));
    socket.destroy();
  };
  socket.on('error', gone);
  socket.on('data', keep);
  socket.once('end', gone);
  socket.once('close', gone);
  return {
    signal: controller.signal,
    onGone(listener) {
      if (controller.signal.aborted) listener();
      else controller.signal.addEventListener('abort', listener, { once: true });
    },
    abort(reason) {
      if (reason instanceof GatewayShutdown) return; // there is no form to end it whole: cut off when time is up
      controller.abort(reason);
      // Of what is open already the end is all that can be told.
      if (!isPending || !(reason instanceof PlatformError)) socket.destroy();
    },
    release() {
      isPending = false;
      socket.off('data', keep);
      socket.off('end', gone);
      socket.off('close', gone);
      socket.pause();
      if (bytes > 0) socket.unshift(Buffer.concat(early.splice(0)));
      bytes = 0;
    },
  };
}
