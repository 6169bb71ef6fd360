import { backoffMs } from '../../adapters/backoff.ts';
import { PlatformError } from '../../contracts/errors.ts';

/**
 * Slows down guessing of passwords. From an address where a user was right lately only that pair's own failures count:
 * guesses from elsewhere do not lock out users at their usual address.
 */
export interface LoginThrottle {
  /**
   * Counts an attempt before its password is looked at, so that attempts at the same time count too.
   * @throws PlatformError `too_many_attempts` with `details.retryAfterSeconds`
   */
  attempt(user: string, address: string): void;
  /** The attempt was right: the user has no failures from this address any more. */
  succeeded(user: string, address: string): void;
  /** Whether the user was right from this address lately. */
  isKnown(user: string, address: string): boolean;
}

interface Rule {
  /** Failures that cost nothing. */
  readonly free: number;
  readonly longestMs: number;
}

/** By user and address; by user alone, milder, so that one cannot lock another out for long; by address alone. */
const rules = {
  pair: { free: 4, longestMs: 15 * 60_000 },
  user: { free: 20, longestMs: 30_000 },
  address: { free: 50, longestMs: 60_000 },
} as const satisfies Record<string, Rule>;

interface Counter {
  failures: number;
  /** No attempt before. */
  until: number;
}

const firstDelayMs = 1_000;
/** Failures are forgotten after this much silence. */
const forgetMs = 60 * 60_000;
const knownMs = 30 * 24 * 60 * 60_000;

/** @param maxCounters the oldest is forgotten beyond it, so that floods take no memory */
export function createLoginThrottle(now: () => number = Date.now, maxCounters = 30_000): LoginThrottle {
  const counters = new Map<string, Counter & { at: number }>();
  /** When a pair was right last. */
  const known = new Map<string, number>();
  const isKnown = (user: string, address: string) => {
    const [[pair]] = keysOf(user, address);
    return now() - (known.get(pair) ?? Number.NEGATIVE_INFINITY) <= knownMs;
  };

  function countedFor(user: string, address: string): [[string, Rule], ...[string, Rule][]] {
    const [pair, ...others] = keysOf(user, address);
    return isKnown(user, address) ? [pair] : [pair, ...others];
  }

  function counter(key: string): (Counter & { at: number }) | undefined {
    const found = counters.get(key);
    if (found !== undefined && now() - found.at > forgetMs) {
      counters.delete(key);
      return undefined;
    }
    return found;
  }

  function count(key: string, rule: Rule): void {
    const failures = (counter(key)?.failures ?? 0) + 1;
    const over = failures - rule.free;
    const delay = over < 0 ? 0 : backoffMs(over, firstDelayMs, rule.longestMs);
    counters.delete(key); // to the end: the order of a Map is by insertion
    counters.set(key, { failures, until: now() + delay, at: now() });
    if (counters.size > maxCounters) dropOldest(counters);
  }

  return {
    attempt(user, address) {
      const keys = countedFor(user, address);
      const waitMs = Math.max(...keys.map(([key]) => (counter(key)?.until ?? 0) - now()));
      if (waitMs > 0) {
        const retryAfterSeconds = Math.ceil(waitMs / 1000);
        throw new PlatformError(
          'too_many_attempts',
          `too many failed attempts; try again in ${retryAfterSeconds} s`,
          { details: { retryAfterSeconds } },
        );
      }
      for (const [key, rule] of keys) count(key, rule);
    },
    succeeded(user, address) {
      const counted = countedFor(user, address);
      const [[pair]] = counted;
      known.delete(pair);
      known.set(pair, now());
      if (known.size > maxCounters) dropOldest(known);
      for (const [key, rule] of counted) {
        const found = counters.get(key);
        if (found === undefined) continue;
        if (rule === rules.pair) counters.delete(key);
        // Others' failures against this user, and from this address, stay; its own attempt does not.
        else counters.set(key, { ...found, failures: Math.max(0, found.failures - 1), until: 0 });
      }
    },
    isKnown,
  };
}

function dropOldest(entries: Map<string, unknown>): void {
  const oldest = entries.keys().next();
  if (oldest.done !== true) entries.delete(oldest.value);
}

/** The pair's first. */
function keysOf(user: string, address: string): [[string, Rule], ...[string, Rule][]] {
  const name = user.slice(0, 253);
  return [
    [JSON.stringify(['pair', name, address]), rules.pair],
    [JSON.stringify(['user', name]), rules.user],
    [JSON.stringify(['address', address]), rules.address],
  ];
}
