import type { Duplex } from 'node:stream';

/** What went through two joined sockets. */
export interface Carried {
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** Time for the last bytes to reach a side whose partner is gone; closing at once could reset them away. */
const lingerMs = 5_000;

/**
 * Silence after which a stream of which one side has ended is over. A client that was killed looks like one that has
 * ended its direction, and API servers do not close for that while the process at the far end runs.
 */
const halfClosedIdleMs = 30_000;

/**
 * Pipes two connections into each other until both directions have ended: back-pressure both ways, one direction
 * may end before the other (half-close), and a side that breaks off takes the other along. Resolves when both are
 * closed.
 * @param idleMs without a byte in either direction both are closed; after 30 s once one side has ended
 */
export function pipeSockets(client: Duplex, upstream: Duplex, idleMs: number): Promise<Carried> {
  let bytesUp = 0;
  let bytesDown = 0;
  const close = () => {
    client.destroy();
    upstream.destroy();
  };
  let idle = setTimeout(close, idleMs);
  client.on('data', (chunk: Buffer) => {
    bytesUp += chunk.length;
    idle.refresh();
  });
  upstream.on('data', (chunk: Buffer) => {
    bytesDown += chunk.length;
    idle.refresh();
  });
  const { promise, resolve } = Promise.withResolvers<Carried>();
  const closed = () => {
    if (!client.closed || !upstream.closed) return;
    clearTimeout(idle);
    resolve({ bytesUp, bytesDown });
  };
  for (const [side, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    side.on('error', () => side.destroy());
    side.once('end', () => {
      clearTimeout(idle);
      idle = setTimeout(close, Math.min(idleMs, halfClosedIdleMs));
    });
    side.once('close', () => {
      closePartner(side, other);
      closed();
    });
    side.pipe(other);
    if (side.destroyed) closePartner(side, other);
  }
  closed();
  return promise;
}

/** Ends `other` after `side` has closed. What was on its way to it still goes out: it may be how the session ended. */
function closePartner(side: Duplex, other: Duplex): void {
  side.unpipe(other);
  other.unpipe(side);
  other.end();
  other.resume(); // what it still sends has no receiver
  const lingers = side.readableEnded; // one that broke off has no last words to wait for
  const flushed = () =>
    lingers ? void setTimeout(() => other.destroy(), lingerMs).unref() : void other.destroy();
  if (other.writableFinished) flushed();
  else other.once('finish', flushed);
}
