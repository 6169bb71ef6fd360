import type { Caller } from '../identity/caller.ts';

/** Decides again whether an open stream would be opened now. */
export interface Recheck {
  /** Streams with the same key are asked about once. */
  readonly key: string;
  /** The server that has to answer: rechecks of another queue do not wait for it. */
  readonly queue: string;
  /** @throws PlatformError as the request itself would now */
  run(): Promise<void>;
  /** What the upstream's RBAC says; while the upstream does not answer, the stream may go on. */
  readonly upstreamCheck?: Omit<Recheck, 'upstreamCheck'>;
}

/** Why streams end when the process does: those that have a form for it end whole, the others may go on a while. */
export class GatewayShutdown extends Error {
  override readonly name = 'GatewayShutdown';
}

export interface OpenStream {
  readonly caller: Caller;
  readonly recheck: Recheck;
  /** By `performance.now()`. */
  readonly openedAt: number;
  /** When the gateway last authorized its caller. */
  decidedAt: number;
  readonly abort: (reason: Error) => void;
}

/** The streams that are open now, each with its caller, so that they can be ended from our side. */
export interface StreamRegistry {
  /** Registers a stream; call the result when it is over. `recheck` is made when it is first asked for. */
  add(caller: Caller, abort: (reason: Error) => void, recheck: () => Recheck): () => void;
  /** Ends the streams whose caller `matches`. */
  end(reason: string, matches?: (caller: Caller) => boolean): void;
  /** Tells all streams, and those that still come, that the gateway stops. */
  stop(): void;
  /** Those that were opened before this time of `performance.now()`; default: all. */
  list(openedBefore?: number): OpenStream[];
  readonly size: number;
}

/** A class: every request has one. */
class Placed implements OpenStream {
  readonly caller: Caller;
  readonly abort: (reason: Error) => void;
  readonly openedAt = performance.now();
  decidedAt = this.openedAt;
  index: number;
  private known: Recheck | (() => Recheck);

  constructor(caller: Caller, abort: (reason: Error) => void, recheck: () => Recheck, index: number) {
    this.caller = caller;
    this.abort = abort;
    this.known = recheck;
    this.index = index;
  }

  get recheck(): Recheck {
    if (typeof this.known === 'function') this.known = this.known();
    return this.known;
  }
}

export function createStreamRegistry(): StreamRegistry {
  /**
   * Not a Set: every request comes and goes here, and with one, requests stayed in memory until the next full
   * collection. Probably because V8 copies a Set every few changes and chains the copies; measured is only that they stayed.
   */
  const open: Placed[] = [];
  const stops = new GatewayShutdown('the gateway is stopping');
  let stopping = false;

  function remove(stream: Placed): void {
    const last = open.at(-1);
    if (last === undefined || open[stream.index] !== stream) return;
    open[stream.index] = last;
    last.index = stream.index;
    open.pop();
  }

  return {
    add(caller, abort, recheck) {
      const stream = new Placed(caller, abort, recheck, open.length);
      open.push(stream);
      if (stopping) setImmediate(abort, stops);
      return () => remove(stream);
    },
    end(reason, matches = () => true) {
      for (const { caller, abort } of [...open]) {
        if (matches(caller)) abort(new Error(reason));
      }
    },
    stop() {
      stopping = true;
      for (const { abort } of [...open]) abort(stops);
    },
    list: (openedBefore = Number.POSITIVE_INFINITY) => open.filter(({ openedAt }) => openedAt < openedBefore),
    get size() {
      return open.length;
    },
  };
}
