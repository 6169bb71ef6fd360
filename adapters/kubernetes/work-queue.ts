import { jitteredBackoffMs } from '../backoff.ts';

/** What a handler asks for after a success: to be called again after so long. */
export interface Requeue {
  readonly requeueAfterMs: number;
}

/** Keys that wait to be handled; each is in the queue at most once and handled by one call at a time. */
export interface WorkQueue {
  /** Handles `key` as soon as possible; while it is being handled, once more afterwards. */
  add(key: string): void;
  /** Handles `key` after `delayMs`, unless it is handled earlier. */
  addAfter(key: string, delayMs: number): void;
  /** Settles when nothing waits for its turn or runs (what waits for a retry does not count). */
  idle(): Promise<void>;
  /** Takes nothing new and settles when what runs has ended. */
  stop(): Promise<void>;
}

export interface WorkQueueOptions {
  /** Reconciles one key. A failure is retried with growing pauses. */
  readonly handle: (key: string) => Promise<Requeue | undefined>;
  /** Called for every failure; `failures` in a row, this one included. */
  readonly onFailure?: (key: string, error: unknown, failures: number) => void;
  /** Keys handled at the same time. Default 4. */
  readonly concurrency?: number;
  /**
   * Keys of a group fail together: those of one cluster, say. Of groups that failed the last time only a quarter of
   * `concurrency` is retried at the same time, so that clusters that hang leave room for the others.
   */
  readonly groupOf?: (key: string) => string;
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
}

/** Of pauses of so long the end need not be exact; they are kept without a timer for each, which takes more memory than a key. */
const longMs = 30_000;
const slotMs = 1_000;

/** Keys that wait for long, by the second in which they are due. */
function createSlots(due: (key: string) => void) {
  const slots = new Map<number, { readonly keys: Set<string>; readonly timer: NodeJS.Timeout }>();
  const slotOf = new Map<string, number>();
  const remove = (key: string): void => {
    const at = slotOf.get(key);
    if (at === undefined) return;
    slotOf.delete(key);
    const slot = slots.get(at);
    slot?.keys.delete(key);
    if (slot?.keys.size !== 0) return;
    clearTimeout(slot.timer);
    slots.delete(at);
  };
  const end = (at: number): void => {
    const keys = slots.get(at)?.keys ?? [];
    slots.delete(at);
    for (const key of keys) {
      slotOf.delete(key);
      due(key);
    }
  };
  return {
    put(key: string, delayMs: number): void {
      remove(key);
      const now = performance.now();
      const at = Math.ceil((now + delayMs) / slotMs);
      const slot = slots.get(at) ?? {
        keys: new Set(),
        timer: setTimeout(() => end(at), at * slotMs - now),
      };
      slots.set(at, slot);
      slot.keys.add(key);
      slotOf.set(key, at);
    },
    remove,
    clear(): void {
      for (const { timer } of slots.values()) clearTimeout(timer);
      slots.clear();
      slotOf.clear();
    },
  };
}

/** A keyed work queue as Kubernetes controllers use it: deduplicated, one at a time per key, retries with back-off. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const concurrency = options.concurrency ?? 4;
  const ready = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  const slots = createSlots((key) => add(key));
  const failures = new Map<string, number>();
  const failing = new Set<string>();
  const failingAtOnce = Math.max(1, Math.floor(concurrency / 4));
  let failingRunning = 0;
  const idleWaiters = new Set<() => void>();
  let stopped = false;

  function add(key: string): void {
    if (stopped) return;
    forget(key);
    if (running.has(key)) again.add(key);
    else ready.add(key);
    pump();
  }

  function addAfter(key: string, delayMs: number): void {
    if (stopped || ready.has(key) || again.has(key)) return;
    forget(key);
    if (delayMs >= longMs) slots.put(key, delayMs);
    else
      timers.set(
        key,
        setTimeout(() => add(key), delayMs),
      );
  }

  function forget(key: string): void {
    clearTimeout(timers.get(key));
    timers.delete(key);
    slots.remove(key);
  }

  function pump(): void {
    for (const key of ready) {
      if (running.size >= concurrency) return;
      const group = options.groupOf?.(key);
      const isFailing = group !== undefined && failing.has(group);
      if (isFailing && failingRunning >= failingAtOnce) continue;
      ready.delete(key);
      if (isFailing) failingRunning += 1;
      running.set(key, handle(key, group, isFailing));
    }
    if (ready.size === 0 && running.size === 0) {
      for (const settle of idleWaiters) settle();
      idleWaiters.clear();
    }
  }

  async function handle(key: string, group: string | undefined, isFailing: boolean): Promise<void> {
    try {
      // Wrapped: a handler that throws at once must not end before `running` holds it.
      const requeue = await (async () => options.handle(key))();
      failures.delete(key);
      if (group !== undefined) failing.delete(group);
      if (requeue !== undefined) addAfter(key, requeue.requeueAfterMs);
    } catch (error) {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      if (group !== undefined) failing.add(group);
      options.onFailure?.(key, error, count);
      addAfter(
        key,
        jitteredBackoffMs(count - 1, options.minBackoffMs ?? 100, options.maxBackoffMs ?? 30_000),
      );
    } finally {
      running.delete(key);
      if (isFailing) failingRunning -= 1;
      if (again.delete(key)) add(key);
      pump();
    }
  }

  return {
    add,
    addAfter,
    idle: () =>
      ready.size === 0 && running.size === 0
        ? Promise.resolve()
        : new Promise<void>((resolve) => idleWaiters.add(resolve)),
    stop: async () => {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      slots.clear();
      ready.clear();
      await Promise.all(running.values());
    },
  };
}
