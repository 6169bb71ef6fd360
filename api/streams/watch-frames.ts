/** Where in the answer to a watch one event ends and the next begins. */
export interface WatchFrames {
  /** Whether all that was taken so far is whole events. */
  readonly between: boolean;
  /**
   * Takes what comes next.
   * @param toNextEnd no further than to the next end of an event
   * @returns bytes taken of `chunk`
   */
  take(chunk: Buffer, toNextEnd?: boolean): number;
}

/** Frames of an answer with this content type; undefined for a form that is not known. */
export function watchFramesOf(contentType: string): WatchFrames | undefined {
  if (/^application\/json\b/i.test(contentType)) return lines();
  if (/^application\/vnd\.kubernetes\.protobuf\b/i.test(contentType)) return lengths();
  return undefined;
}

const newline = 0x0a;

/** JSON: an event ends with a line; inside of one no line break stands bare. */
function lines(): WatchFrames {
  let between = true;
  return {
    get between() {
      return between;
    },
    take(chunk, toNextEnd = false) {
      const end = toNextEnd ? chunk.indexOf(newline) : -1;
      const taken = end < 0 ? chunk.length : end + 1;
      if (taken > 0) between = chunk[taken - 1] === newline;
      return taken;
    },
  };
}

const lengthBytes = 4;

/** Protobuf: before each event stand four bytes with its length. */
function lengths(): WatchFrames {
  let head: number[] = [];
  let left = 0;
  return {
    get between() {
      return left === 0 && head.length === 0;
    },
    take(chunk, toNextEnd = false) {
      let at = 0;
      while (at < chunk.length) {
        if (left > 0) {
          const part = Math.min(left, chunk.length - at);
          at += part;
          left -= part;
        } else {
          head.push(chunk[at++] as number);
          if (head.length < lengthBytes) continue;
          left = Buffer.from(head).readUInt32BE();
          head = [];
        }
        if (toNextEnd && left === 0) return at;
      }
      return at;
    },
  };
}
