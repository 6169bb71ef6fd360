import type { ClientHttp2Stream } from 'node:http2';

/** A frame of data costs the same whatever is in it. */
const smallBytes = 512;
/** Small frames of one session in a time: an agent, which reads before it sends, does not come to half of it. */
const maxSmall = 20_000;
const timeMs = 500;

/**
 * Bounds what one agent can have the gateway do by frames with next to nothing in them, thousands of which fit into what is read from a
 * connection at once.
 * @param onFlood called when there are more than an agent sends that means well
 * @returns what counts the frames of a stream from now on
 */
export function createFrameBound(onFlood: () => void): (stream: ClientHttp2Stream) => void {
  let frames = 0;
  let since = performance.now();
  const count = () => {
    frames++;
    if (frames < maxSmall) return;
    const now = performance.now();
    if (now - since < timeMs) onFlood();
    frames = 0;
    since = now;
  };
  return (stream) => {
    // A listener instead would have it read before its reader is there.
    const push = stream.push.bind(stream);
    stream.push = (chunk: Buffer | null, encoding) => {
      if (chunk !== null && chunk.length < smallBytes) count();
      return push(chunk, encoding);
    };
  };
}
