import { lastTransition, nextTransitions, type SleepTimes, type SleepTransition } from './sleep-policy.ts';

/** The times of a policy around an instant. */
export interface KnownTransitions {
  /** The newest at or before it. */
  readonly last: SleepTransition | undefined;
  /** The first ones after it to sleep and to wake, in order. */
  readonly next: readonly SleepTransition[];
}

interface Known extends KnownTransitions {
  readonly from: number;
  readonly until: number;
}

/** By policy, until its next time has come: 10,000 instances of a template have one policy. */
const known = new Map<string, Known>();
const maxKnown = 1_000;

/** `lastTransition` and `nextTransitions`, from memory where they were asked for before. */
export function knownTransitions(policy: SleepTimes, now: Date): KnownTransitions {
  const { sleepSchedule, wakeupSchedule, timezone } = policy;
  if (sleepSchedule === undefined && wakeupSchedule === undefined) return { last: undefined, next: [] };
  const key = `${sleepSchedule ?? ''}\n${wakeupSchedule ?? ''}\n${timezone}`;
  const at = now.getTime();
  const before = known.get(key);
  if (before !== undefined && before.from <= at && at < before.until) return before;
  const last = lastTransition(policy, now);
  const next = nextTransitions(policy, now);
  if (known.size >= maxKnown) known.clear();
  const found = { last, next, from: at, until: next[0]?.at.getTime() ?? Number.POSITIVE_INFINITY };
  known.set(key, found);
  return found;
}
