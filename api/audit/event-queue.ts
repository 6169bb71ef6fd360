import { backoffMs } from '../../adapters/backoff.ts';
import type { AuditEvent } from '../../contracts/audit.ts';

/** Events on their way to one place: bounded, written in batches, never waited for. */
export interface EventQueue {
  /** Queues an event, over an earlier one of the same request that still waits. Counted as lost if there is no room. */
  add(event: AuditEvent): void;
  readonly length: number;
  /** Writes what waits. Resolves when all is written or `deadlineMs` is over; gives how many are left. */
  close(deadlineMs: number): Promise<number>;
}

const maxBatch = 500;
const batchMs = 250;
const firstRetryMs = 500;
const lastRetryMs = 5_000;
/** Bodies weigh more than the events themselves. */
const maxBodyBytes = 32 * 1024 * 1024;

export interface EventQueueOptions {
  /** Events that may wait. */
  readonly limit: number;
  readonly write: (events: readonly AuditEvent[]) => Promise<void>;
  /** Whether `write` may succeed later; otherwise the events are tried one by one and the bad ones lost. */
  readonly mayRetry: (error: unknown) => boolean;
  readonly onLost: (count: number, reason: unknown) => void;
  /** Hears why events wait for another try, and of the first success after that. */
  readonly onWaiting?: (reason: unknown) => void;
  readonly onWritten?: () => void;
  readonly sizeOf: (event: AuditEvent) => number;
}

export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { limit, write, mayRetry, onLost, sizeOf } = options;
  const waiting = new Map<string, AuditEvent>();
  let bytes = 0;
  let writing: readonly AuditEvent[] = [];
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let closing = false;

  const schedule = (ms: number) => {
    if (closing) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      running ??= drain().finally(() => (running = undefined));
    }, ms).unref();
  };

  function take(): AuditEvent[] {
    const batch: AuditEvent[] = [];
    for (const [id, event] of waiting) {
      if (batch.length === maxBatch) break;
      waiting.delete(id);
      bytes -= sizeOf(event);
      batch.push(event);
    }
    return batch;
  }

  async function drain(): Promise<void> {
    while (waiting.size > 0) {
      writing = take();
      try {
        await writeOrSplit(writing);
        if (failures > 0) options.onWritten?.();
        failures = 0;
      } catch (error) {
        putBack(writing);
        writing = [];
        if (failures === 0) options.onWaiting?.(error);
        schedule(backoffMs(failures, firstRetryMs, lastRetryMs));
        failures += 1;
        return;
      }
      writing = [];
    }
  }

  /** @throws only what `mayRetry` */
  async function writeOrSplit(events: readonly AuditEvent[]): Promise<void> {
    try {
      await write(events);
    } catch (error) {
      if (mayRetry(error)) throw error;
      if (events.length === 1) onLost(1, error);
      else for (const event of events) await writeOrSplit([event]);
    }
  }

  function putBack(events: readonly AuditEvent[]): void {
    for (const event of events) {
      if (waiting.has(event.id)) continue; // a newer one of the same request
      waiting.set(event.id, event);
      bytes += sizeOf(event);
    }
  }

  return {
    add(event) {
      const known = waiting.get(event.id);
      const size = sizeOf(event);
      if (known !== undefined) bytes -= sizeOf(known);
      else if (waiting.size + writing.length >= limit || bytes + size > maxBodyBytes) {
        onLost(1, 'no room');
        return;
      }
      waiting.set(event.id, event);
      bytes += size;
      schedule(batchMs);
    },
    get length() {
      return waiting.size + writing.length;
    },
    async close(deadlineMs) {
      const deadline = new Promise<void>((resolve) => setTimeout(resolve, deadlineMs).unref());
      clearTimeout(timer);
      closing = true;
      const rest = (running ?? Promise.resolve()).then(() => drain());
      await Promise.race([rest, deadline]);
      return waiting.size + writing.length;
    },
  };
}
