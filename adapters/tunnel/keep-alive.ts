import type { Http2Session } from 'node:http2';

const pingMs = 3_000;
const tickMs = 1_000;
/** With nothing heard for so long, an answer to a ping included, the way to the peer is lost: found within 10 s of it. */
const silentMs = 7_500;
/** A process that did not run for so long (a suspended machine, no processor) heard nothing because of itself. */
const stalledMs = 2 * tickMs;

/**
 * Ends a session of a tunnel whose peer says nothing; asks it often enough that a peer that is there always does.
 * @param socket that the session runs on
 */
export function keepAlive(session: Http2Session, socket: { readonly bytesRead?: number }): void {
  const bytesRead = () => socket.bytesRead ?? 0;
  let heard = { bytes: bytesRead(), at: performance.now() };
  let tickedAt = heard.at;
  let pingedAt = heard.at;
  const ticking = setInterval(() => {
    const now = performance.now();
    const isStalled = now - tickedAt > stalledMs;
    tickedAt = now;
    if (session.destroyed) return;
    const bytes = bytesRead();
    if (bytes !== heard.bytes || isStalled) heard = { bytes, at: now };
    if (now - heard.at > silentMs) session.destroy(new Error('the peer of the tunnel does not answer'));
    else if (now - pingedAt >= pingMs) {
      pingedAt = now;
      session.ping(() => undefined); // false if as many as may be are out: then its silence ends it
    }
  }, tickMs);
  session.once('close', () => clearInterval(ticking));
}
