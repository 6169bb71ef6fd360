import { setTimeout as delay } from 'node:timers/promises';
import type { Operation } from '../../contracts/operations.ts';
import { createBell } from '../../operations/bell.ts';
import { presentUids, recordAccess } from '../authorization/record-access.ts';
import type { Gateway } from '../gateway.ts';
import { askedFor, recordOf } from '../operations/viewer.ts';
import type { EventSession } from './event-session.ts';

type Deps = Pick<Gateway, 'operations' | 'review' | 'managementJson'>;

/** The steps of an operation change together. */
const gatherMs = 100;
const againMs = 1_000;
/** Read at once. */
const atOnce = 100;
/** For the first connection to the database: without it streams begin all the same, and are told when it is there. */
const listeningMs = 2_000;

export interface OperationFeed {
  /** Settles when changes are heard of, or after a while. */
  listening(): Promise<void>;
  stop(): Promise<void>;
}

/** Reads each operation that changed once, for all streams, and tells it to those whose callers may see it. */
export function createOperationFeed(deps: Deps, sessions: () => Iterable<EventSession>): OperationFeed {
  const bell = createBell();
  const ids = new Set<string>();
  const first = Promise.withResolvers<void>();
  let stopped = false;
  let unsubscribe: (() => void) | undefined;
  let running: Promise<void> | undefined;

  function changed(id: string | undefined): void {
    first.resolve();
    if (id === undefined) for (const session of sessions()) session.missed();
    else ids.add(id);
    bell.ring();
  }

  async function run(): Promise<void> {
    while (!stopped) {
      if (ids.size === 0) await bell.rung(60_000);
      bell.reset();
      if (stopped) return;
      await delay(gatherMs);
      const some = [...ids].slice(0, atOnce);
      for (const id of some) ids.delete(id);
      try {
        await tell(some);
      } catch {
        // The database or the management API is away: nothing can be decided, and nothing may be lost.
        for (const id of some) ids.add(id);
        await Promise.race([delay(againMs), bell.rung(againMs)]);
      }
    }
  }

  async function tell(some: readonly string[]): Promise<void> {
    const open = [...sessions()];
    if (open.length === 0 || some.length === 0) return;
    await Promise.all((await deps.operations.several(some)).map((operation) => tellOne(operation, open)));
  }

  /** The rights of all are decided first, then who has the name now is asked once: as for one who reads it (record-access.ts). */
  async function tellOne(operation: Operation, open: readonly EventSession[]): Promise<void> {
    const record = recordOf(operation);
    const uids = presentUids(deps);
    const wanting = open.filter((session) => session.wantsOperation(operation));
    const mayGet = await Promise.all(
      wanting.map(
        async ({ caller }) =>
          askedFor(caller, operation) ||
          recordAccess(deps, caller.identity, record.project, uids).allows('get', record),
      ),
    );
    for (const [index, session] of wanting.entries())
      if (mayGet[index] === true) session.operation(operation);
  }

  return {
    async listening() {
      unsubscribe ??= deps.operations.onChange(changed);
      running ??= run();
      await Promise.race([first.promise, delay(listeningMs, undefined, { ref: false })]);
    },
    async stop() {
      stopped = true;
      unsubscribe?.();
      bell.ring();
      await running;
    },
  };
}
