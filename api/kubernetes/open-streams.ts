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
  /** Registers a stream; call the result when it is over. */
  add(caller: Caller, abort: (reason: Error) => void, recheck: Recheck): () => void;
  /** Ends the streams whose caller `matches`. */
  end(reason: string, matches?: (caller: Caller) => boolean): void;
  list(): OpenStream[];
  readonly size: number;
}

export function createOpenStreams(): OpenStreams {
  const open = new Set<OpenStream>();
  return {
    add(caller, abort, recheck) {
      const stream = { caller, abort, recheck, openedAt: performance.now() };
      open.add(stream);
      return () => open.delete(stream);
    },
    end(reason, matches = () => true) {
      for (const { caller, abort } of [...open]) {
        if (matches(caller)) abort(new Error(reason));
      }
    },
    list: () => [...open],
    get size() {
      return open.size;
    },
  };
}
