import type { ClientHttp2Stream } from 'node:http2';

/** A frame of data costs the same whatever is in it. */
const smallBytes = 512;
/**
 * Frames of one session in a time that carry less than that on average: an agent, which reads before it sends, does not come to half of
 * it. Single ones say nothing: the end of a full frame often comes alone, a few bytes of the next record of TLS.
 */
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
  let bytes = 0;
  let since = performance.now();
  const count = (length: number) => {
    frames++;
    bytes += length;
    if (frames < maxSmall) return;
    const now = performance.now();
    if (now - since < timeMs && bytes < frames * smallBytes) onFlood();
    frames = 0;
    bytes = 0;
    since = now;
  };
  return (stream) => {
    // A listener instead would have it read before its reader is there.
    const push = stream.push.bind(stream);
    stream.push = (chunk: Buffer | null, encoding) => {
      if (chunk !== null) count(chunk.length);
      return push(chunk, encoding);
    };
  };
}
