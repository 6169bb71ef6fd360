import type { Caller } from '../auth/caller.ts';

/** Asks again whether a stream that is open would be opened now. */
export interface Recheck {
  /** Streams with the same key are asked about once. */
  readonly key: string;
  /** @throws PlatformError as the request itself would now */
  run(): Promise<void>;
}

export interface OpenStream {
  readonly caller: Caller;
  readonly recheck: Recheck;
  /** By `performance.now()`. */
  readonly openedAt: number;
  readonly abort: (reason: Error) => void;
}

/** The streams that are open now, each with its caller, so that they can be ended from our side. */
export interface OpenStreams {
  /** Registers a stream; call the result when it is over. `recheck` is made when it is first asked for. */
  add(caller: Caller, abort: (reason: Error) => void, recheck: () => Recheck): () => void;
  /** Ends the streams whose caller `matches`. */
  end(reason: string, matches?: (caller: Caller) => boolean): void;
  /** Those that were opened before this time of `performance.now()`; default: all. */
  list(openedBefore?: number): OpenStream[];
  readonly size: number;
}

interface Placed {
  readonly caller: Caller;
  readonly abort: (reason: Error) => void;
  readonly openedAt: number;
  recheck: Recheck | (() => Recheck);
  index: number;
}

function asked(stream: Placed): OpenStream {
  if (typeof stream.recheck === 'function') stream.recheck = stream.recheck();
  return stream as OpenStream;
}

export function createOpenStreams(): OpenStreams {
  /**
   * Not a Set: every request comes and goes here, and with one, requests stayed in memory until the next full
   * collection. Probably because V8 copies a Set every few changes and chains the copies; measured is only that they stayed.
   */
  const open: Placed[] = [];

  function remove(stream: Placed): void {
    const last = open.at(-1);
    if (last === undefined || open[stream.index] !== stream) return;
    open[stream.index] = last;
    last.index = stream.index;
    open.pop();
  }

  return {
    add(caller, abort, recheck) {
      const stream = { caller, abort, recheck, openedAt: performance.now(), index: open.length };
      open.push(stream);
      return () => remove(stream);
    },
    end(reason, matches = () => true) {
      for (const { caller, abort } of [...open]) {
        if (matches(caller)) abort(new Error(reason));
      }
    },
    list: (openedBefore = Number.POSITIVE_INFINITY) =>
      open.filter(({ openedAt }) => openedAt < openedBefore).map(asked),
    get size() {
      return open.length;
    },
  };
}
