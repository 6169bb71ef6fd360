import type { ServerResponse } from 'node:http';
import type { WatchFrames } from './watch-frames.ts';

/** Ends a watch between two events after `stop`, as an API server that stops does. */
export function createGracefulEnd(response: ServerResponse, abort: () => void) {
  let frames: WatchFrames | undefined;
  let stopping = false;
  let isOver = false;
  const look = () => {
    if (!stopping || isOver || frames?.between !== true) return;
    isOver = true;
    response.end();
    abort();
  };
  return {
    begin(found: WatchFrames | undefined) {
      frames = found;
      // Undici is in the middle of its parser here, and cannot abort.
      if (stopping) setImmediate(look);
    },
    /** What of `chunk` still belongs to the answer. */
    take: (chunk: Buffer) => (frames === undefined ? chunk : chunk.subarray(0, frames.take(chunk, stopping))),
    look,
    stop() {
      stopping = true;
      look();
    },
    get isOver() {
      return isOver;
    },
  };
}
