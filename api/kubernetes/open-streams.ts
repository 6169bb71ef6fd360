import type { Caller } from '../auth/caller.ts';

/** The streams that are open now, each with its caller, so that they can be ended from our side. */
export interface OpenStreams {
  /** Registers a stream; call the result when it is over. */
  add(caller: Caller, abort: (reason: Error) => void): () => void;
  /** Ends the streams whose caller `matches`. */
  end(reason: string, matches?: (caller: Caller) => boolean): void;
  readonly size: number;
}

export function createOpenStreams(): OpenStreams {
  const open = new Set<{ readonly caller: Caller; readonly abort: (reason: Error) => void }>();
  return {
    add(caller, abort) {
      const stream = { caller, abort };
      open.add(stream);
      return () => open.delete(stream);
    },
    end(reason, matches = () => true) {
      for (const { caller, abort } of [...open]) {
        if (matches(caller)) abort(new Error(reason));
      }
    },
    get size() {
      return open.size;
    },
  };
}
