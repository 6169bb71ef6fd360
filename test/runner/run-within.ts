import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedProcess } from './plan.ts';

/** How many may run at once. */
export interface Limits {
  /** Of all kinds; one with a whole platform or node counts as two. */
  readonly all: number;
  /** More than that while processors idle. */
  readonly whileIdle: number;
}

/** So much of the processors' time must be idle for one more to begin. */
const idleEnough = 0.35;
/** Over which it is measured: long enough for what began last to show. */
const idleMs = 4_000;

/**
 * Runs all of them, in their order as far as the limits let it.
 * @param runOne runs a process to its end; calls `share` when its files that need the machine for themselves have ended, once or more
 * @param idle share of idle time since it was asked last; default: of this machine's processors
 */
export async function runWithin(
  limits: Limits,
  planned: readonly PlannedProcess[],
  runOne: (process: PlannedProcess, share: () => void) => Promise<void>,
  idle: { since: () => number; everyMs: number } = { since: createIdleMeter(), everyMs: idleMs },
): Promise<void> {
  const waiting = [...planned];
  const running = new Map<PlannedProcess, { isAlone: boolean; ended: Promise<unknown> }>();
  let shared = Promise.withResolvers<void>();
  let isIdle = false;
  const mayStart = ({ need, alone, isLoud }: PlannedProcess) => {
    const others = [...running.keys()];
    if ([...running.values()].some(({ isAlone }) => isAlone)) return false;
    if (alone.length > 0) return others.length === 0;
    if (isLoud && others.some((other) => other.need === 'node')) return false;
    if (need === 'node' && others.some((other) => other.isLoud)) return false;
    return true;
  };
  const next = () => {
    const taken = [...running.keys()].reduce((sum, one) => sum + weight(one), 0);
    const room = limits.all + (isIdle ? limits.whileIdle : 0) - taken;
    const index = waiting.findIndex((one) => weight(one) <= room && mayStart(one));
    return index === -1 ? undefined : waiting.splice(index, 1)[0];
  };
  while (waiting.length + running.size > 0) {
    const process = next();
    if (process === undefined) {
      const look = new AbortController();
      const looked = delay(idle.everyMs, true, { signal: look.signal }).catch(() => false);
      const ended = [...running.values()].map((each) => each.ended);
      const hasLooked = (await Promise.race([looked, shared.promise, ...ended])) === true;
      look.abort();
      isIdle = hasLooked && idle.since() > idleEnough;
      shared = Promise.withResolvers();
      continue;
    }
    isIdle = false; // until this one shows
    idle.since();
    const state = { isAlone: process.alone.length > 0, ended: Promise.resolve<unknown>(undefined) };
    running.set(process, state);
    const share = () => {
      if (!state.isAlone) return;
      state.isAlone = false;
      shared.resolve();
    };
    state.ended = runOne(process, share).finally(() => running.delete(process));
  }
}

/** A platform has a dozen servers. */
function weight({ need }: PlannedProcess): number {
  return need === 'parts' ? 1 : 2;
}

/** Share of the time since the last call in which this machine's processors were idle. */
function createIdleMeter(): () => number {
  const read = () =>
    cpus().reduce(
      ({ idle, all }, { times }) => ({
        idle: idle + times.idle,
        all: all + times.user + times.nice + times.sys + times.irq + times.idle,
      }),
      { idle: 0, all: 0 },
    );
  let last = read();
  return () => {
    const now = read();
    const share = now.all === last.all ? 0 : (now.idle - last.idle) / (now.all - last.all);
    last = now;
    return share;
  };
}
