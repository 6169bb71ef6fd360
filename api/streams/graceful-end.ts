import type { ServerResponse } from 'node:http';
import type { WatchFrames } from './watch-frames.ts';

/** Ends a watch between two events after `stop`, as an API server that stops does. */
export class GracefulEnd {
  isOver = false;
  private readonly response: ServerResponse;
  private readonly frames: WatchFrames | undefined;
  private readonly abort: () => void;
  private isStopping: boolean;

  /** @param watch `frames`: undefined for a form that is not known, which never ends; `abort`: ends it upstream */
  constructor(watch: {
    response: ServerResponse;
    frames: WatchFrames | undefined;
    abort: () => void;
    isStopping: boolean;
  }) {
    this.response = watch.response;
    this.frames = watch.frames;
    this.abort = watch.abort;
    this.isStopping = watch.isStopping;
    // Undici is in the middle of its parser when the answer begins, and cannot abort.
    if (this.isStopping) setImmediate(() => this.look());
  }

  /** What of `chunk` still belongs to the answer. */
  take(chunk: Buffer): Buffer {
    return this.frames === undefined ? chunk : chunk.subarray(0, this.frames.take(chunk, this.isStopping));
  }

  /** Ends it if it is to end and stands between two events. */
  look(): void {
    if (!this.isStopping || this.isOver || this.frames?.between !== true) return;
    this.isOver = true;
    this.response.end();
    this.abort();
  }

  stop(): void {
    this.isStopping = true;
    this.look();
  }
}
