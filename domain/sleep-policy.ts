import { CronExpressionParser } from 'cron-parser';
import { annotations } from '../contracts/names.ts';
import type { ObjectMeta } from '../contracts/resources/object-meta.ts';
import { isSleepWanted } from './desired-state.ts';

/** A tenant cluster or space. */
interface Sleeper {
  readonly metadata: ObjectMeta;
}

/** When a tenant cluster or space sleeps and wakes by itself. At least one of the schedules is set. */
export interface SleepPolicy {
  /** Cron expressions of five fields. */
  readonly sleepSchedule: string | undefined;
  readonly wakeupSchedule: string | undefined;
  /** IANA name. */
  readonly timezone: string;
}

/** A point at which a schedule changes what should hold. */
export interface SleepTransition {
  readonly state: 'asleep' | 'awake';
  readonly at: Date;
}

/**
 * The policy that the `sleepmode.loft.sh/` annotations of an instance describe; undefined if there is none.
 * `fault` says which annotation cannot be understood, for people.
 */
export function sleepPolicyOf(
  instance: Sleeper,
): { readonly policy: SleepPolicy } | { readonly fault: string } | undefined {
  const given = instance.metadata.annotations ?? {};
  const sleepSchedule = given[annotations.sleepSchedule]?.trim() || undefined;
  const wakeupSchedule = given[annotations.wakeupSchedule]?.trim() || undefined;
  if (sleepSchedule === undefined && wakeupSchedule === undefined) return undefined;
  // vCluster Platform's clients write `Europe/Berlin#7200`: the offset after the zone is for display.
  const timezone = given[annotations.sleepTimezone]?.split('#')[0]?.trim() || 'UTC';
  if (!isTimezone(timezone))
    return { fault: `${annotations.sleepTimezone}: unknown time zone "${timezone}"` };
  for (const [name, schedule] of [
    [annotations.sleepSchedule, sleepSchedule],
    [annotations.wakeupSchedule, wakeupSchedule],
  ] as const) {
    const fault = schedule === undefined ? undefined : cronFault(schedule);
    if (fault !== undefined) return { fault: `${name}: ${fault}` };
  }
  return { policy: { sleepSchedule, wakeupSchedule, timezone } };
}

/** The newest transition at or before `now`: since then its state should hold. Undefined if there was none yet. */
export function lastTransition(policy: SleepPolicy, now: Date): SleepTransition | undefined {
  const asleep = previous(policy.sleepSchedule, policy.timezone, now);
  const awake = previous(policy.wakeupSchedule, policy.timezone, now);
  if (asleep === undefined) return awake && { state: 'awake', at: awake };
  // At the same minute waking wins: a sleeper that should work costs more than the reverse.
  return awake !== undefined && awake >= asleep
    ? { state: 'awake', at: awake }
    : { state: 'asleep', at: asleep };
}

/** The first transition after `now`. */
export function nextTransition(policy: SleepPolicy, now: Date): SleepTransition | undefined {
  const asleep = following(policy.sleepSchedule, policy.timezone, now);
  const awake = following(policy.wakeupSchedule, policy.timezone, now);
  if (asleep === undefined) return awake && { state: 'awake', at: awake };
  return awake !== undefined && awake <= asleep
    ? { state: 'awake', at: awake }
    : { state: 'asleep', at: asleep };
}

/**
 * What the policy of `instance` asks for at `now`: `sleep` (set the force annotation), `wake` (remove it), or
 * nothing. A manual sleep or wake after the newest transition stands until the next one: a later wake
 * (`last-activity`), a later sleep (`sleeping-since`), a sleep with `force-duration` that is not over, and an
 * instance made later.
 */
export function sleepPolicyAction(instance: Sleeper, now: Date): 'sleep' | 'wake' | undefined {
  const found = sleepPolicyOf(instance);
  if (found === undefined || 'fault' in found) return undefined;
  const transition = lastTransition(found.policy, now);
  if (transition === undefined) return undefined;
  const isAsleep = isSleepWanted(instance);
  if ((transition.state === 'asleep') === isAsleep) return undefined;
  const { at } = transition;
  const created = instance.metadata.creationTimestamp;
  if (created !== undefined && new Date(created) > at) return undefined;
  if (transition.state === 'asleep')
    return (secondsAt(instance, annotations.lastActivity) ?? at) > at ? undefined : 'sleep';
  const sleepingSince = secondsAt(instance, annotations.sleepingSince);
  if (sleepingSince !== undefined && sleepingSince > at) return undefined;
  return isForced(instance, sleepingSince, now) ? undefined : 'wake';
}

/** Whether `force-duration` (seconds; 0: until woken by hand) still holds. */
function isForced(instance: Sleeper, sleepingSince: Date | undefined, now: Date): boolean {
  const duration = instance.metadata.annotations?.[annotations.sleepForceDuration];
  if (duration === undefined || !/^\d+$/.test(duration)) return false;
  const seconds = Number(duration);
  return (
    seconds === 0 || (sleepingSince !== undefined && now.getTime() < sleepingSince.getTime() + seconds * 1000)
  );
}

/** An annotation that holds seconds since the epoch. */
function secondsAt(instance: Sleeper, name: string): Date | undefined {
  const text = instance.metadata.annotations?.[name];
  return text !== undefined && /^\d{1,12}$/.test(text) ? new Date(Number(text) * 1000) : undefined;
}

function previous(schedule: string | undefined, tz: string, now: Date): Date | undefined {
  if (schedule === undefined) return undefined;
  // `prev` excludes the present moment; a schedule that fires now counts.
  const currentDate = new Date((Math.floor(now.getTime() / 1000) + 1) * 1000);
  return CronExpressionParser.parse(schedule, { currentDate, tz }).prev().toDate();
}

function following(schedule: string | undefined, tz: string, now: Date): Date | undefined {
  if (schedule === undefined) return undefined;
  return CronExpressionParser.parse(schedule, { currentDate: now, tz }).next().toDate();
}

function isTimezone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false; // RangeError: the only way Intl says no
  }
}

function cronFault(schedule: string): string | undefined {
  if (schedule.split(/\s+/).length !== 5)
    return `invalid cron expression "${schedule.slice(0, 60)}": five fields are required`;
  try {
    CronExpressionParser.parse(schedule, { currentDate: new Date(0) }).next();
    return undefined;
  } catch (error) {
    return `invalid cron expression "${schedule.slice(0, 60)}": ${error instanceof Error ? error.message : 'it cannot be read'}`;
  }
}
