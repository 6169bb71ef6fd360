import { AsyncResource } from 'node:async_hooks';
import { Dispatcher, Pool } from 'undici';

/** Requests that may wait for a connection of their own to be made. */
const mostForNew = 4;
/** How often it is looked whether a connection is free, while something waits for one. */
const lookMs = 1;

/**
 * A pool of connections without limit that grows a few at a time. undici makes one for each request that finds none free: in a burst
 * after a pause all requests then wait for the handshakes of all. Here most wait for what is free first.
 */
export class SharingPool extends Dispatcher {
  private readonly pool: Pool;
  /** Each sends a request, in the context that it came in. */
  private waiting: (() => boolean)[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(origin: string, options: Pool.Options) {
    super();
    this.pool = new Pool(origin, { ...options, connections: null, pipelining: 1 });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (this.waiting.length === 0 && this.hasRoom()) return this.pool.dispatch(options, handler);
    this.waiting.push(AsyncResource.bind(() => this.pool.dispatch(options, handler)));
    this.timer ??= setTimeout(() => this.look(), lookMs);
    return false;
  }

  override async close(): Promise<void> {
    this.sendAll();
    await this.pool.close();
  }

  override async destroy(): Promise<void> {
    await this.pool.destroy();
    this.sendAll(); // they fail as the others did
  }

  private hasRoom(): boolean {
    const { free, pending } = this.pool.stats;
    return free > 0 || pending < mostForNew;
  }

  private look(): void {
    this.timer = undefined;
    let next = 0;
    while (next < this.waiting.length && this.hasRoom()) this.waiting[next++]?.();
    this.waiting = this.waiting.slice(next);
    if (this.waiting.length > 0) this.timer = setTimeout(() => this.look(), lookMs);
  }

  private sendAll(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const send of this.waiting.splice(0)) send();
  }
}
