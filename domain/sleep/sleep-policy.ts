import { annotations } from '../../contracts/names.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { nextTime, previousTime, type UtcCalendar, utcCalendars } from './cron-times.ts';
import { type CronSchedule, parseCron } from './cron.ts';
import { isSleepWanted, neededOperations } from '../lifecycle/desired-state.ts';
import { readTimeZone, type TimeZone } from './time-zone.ts';

/** A tenant cluster or space. */
interface Sleeper {
  readonly metadata: ObjectMeta;
}

/** When a tenant cluster or space sleeps and wakes by itself. At least one of the schedules is set. */
export interface SleepPolicy {
  /** As `parseCron` reads them. */
  readonly sleepSchedule: string | undefined;
  readonly wakeupSchedule: string | undefined;
  readonly timezone: TimeZone;
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
  const zone = given[annotations.sleepTimezone]?.trim() || 'UTC';
  const timezone = readTimeZone(zone);
  if (timezone === undefined)
    return {
      fault: `${annotations.sleepTimezone}: unknown time zone "${zone.slice(0, 60)}": write an IANA name (Europe/Berlin) or an offset (+02:00)`,
    };
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
  const asleep = timeOf(previousTime, policy.sleepSchedule, policy, now);
  const awake = timeOf(previousTime, policy.wakeupSchedule, policy, now);
  if (asleep === undefined) return awake && { state: 'awake', at: awake };
  // At the same minute waking wins: a sleeper that should work costs more than the reverse.
  return awake !== undefined && awake >= asleep
    ? { state: 'awake', at: awake }
    : { state: 'asleep', at: asleep };
}

/** The first transitions after `now` to sleep and to wake. */
export function nextTransitions(policy: SleepPolicy, now: Date): SleepTransition[] {
  const asleep = timeOf(nextTime, policy.sleepSchedule, policy, now);
  const awake = timeOf(nextTime, policy.wakeupSchedule, policy, now);
  return [
    ...(asleep === undefined ? [] : [{ state: 'asleep', at: asleep } as const]),
    ...(awake === undefined ? [] : [{ state: 'awake', at: awake } as const]),
  ].toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

/** Days for which a schedule is written out; a new month writes it out again. */
const horizonDays = 100;

/**
 * The times of a policy, in UTC, for about three months. Temporal reads calendars in a time zone differently where clocks
 * change (a repeated hour east of Greenwich, a skipped midnight west of it), and has a time zone database of its own.
 */
export function sleepCalendars(policy: SleepPolicy, now: Date): UtcCalendar[] {
  return [policy.sleepSchedule, policy.wakeupSchedule]
    .flatMap((text) => readSchedule(text) ?? [])
    .flatMap((schedule) => utcCalendars(schedule, policy.timezone, now, horizonDays));
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

/**
 * The newest transition, if the annotations of `instance` say its state already and it is in the other one: its time came again
 * after a sleep or wake that failed.
 */
export function missedTransition(
  kind: ManagedKind,
  instance: ManagedInstance,
  now: Date,
): SleepTransition | undefined {
  const found = sleepPolicyOf(instance);
  if (found === undefined || 'fault' in found) return undefined;
  const transition = lastTransition(found.policy, now);
  const missing = transition?.state === 'asleep' ? 'sleep' : 'wake';
  const isMissed = neededOperations(kind, instance, undefined).some(({ type }) => type === missing);
  return isMissed ? transition : undefined;
}

/**
 * Until when only somebody who asks for it wakes `instance`, by `force-duration`; `woken`: without an end. Undefined: any request
 * to it does. One that is still falling asleep counts from now.
 */
export function forcedAsleepUntil(instance: Sleeper, now: Date): Date | 'woken' | undefined {
  if (!isSleepWanted(instance)) return undefined;
  const since = secondsAt(instance, annotations.sleepingSince) ?? now;
  if (!isForced(instance, since, now)) return undefined;
  const seconds = Number(instance.metadata.annotations?.[annotations.sleepForceDuration]);
  return seconds === 0 ? 'woken' : new Date(since.getTime() + seconds * 1000);
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

function timeOf(
  find: typeof nextTime,
  text: string | undefined,
  { timezone }: SleepPolicy,
  now: Date,
): Date | undefined {
  const schedule = readSchedule(text);
  return schedule && find(schedule, timezone, now);
}

function readSchedule(text: string | undefined): CronSchedule | undefined {
  if (text === undefined) return undefined;
  const read = parseCron(text);
  return 'schedule' in read ? read.schedule : undefined;
}

function cronFault(schedule: string): string | undefined {
  const read = parseCron(schedule);
  return 'fault' in read ? `invalid cron expression "${schedule.slice(0, 60)}": ${read.fault}` : undefined;
}
