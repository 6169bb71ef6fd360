import { annotations } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type {
  SleepPolicySource,
  SleepPolicyStatus,
  SleepSetting,
} from '../../contracts/resources/sleep-policy-status.ts';
import { nextTime, previousTime, type UtcCalendar, utcCalendars } from './cron-times.ts';
import { type CronSchedule, parseCron } from './cron.ts';
import { type IgnoreRules, ignoreRulesOf } from './ignore-rules.ts';
import { effectivePolicy, saidByInstance, saidByStatus } from './sleep-settings.ts';
import { isSleepWanted } from '../lifecycle/desired-state.ts';
import type { TimeZone } from './time-zone.ts';

/** A tenant cluster or space. */
export interface Sleeper {
  readonly metadata: ObjectMeta;
  readonly status?: { readonly sleepPolicy?: SleepPolicyStatus } | undefined;
}

/** When it is put to sleep and woken, whatever is done with it. */
export interface SleepTimes {
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

/** When a tenant cluster or space sleeps, wakes and is deleted by itself. */
export interface SleepPolicy extends SleepTimes {
  /** Sleeps after so many seconds without activity. */
  readonly afterInactivitySeconds: number | undefined;
  /** Is deleted after so many seconds without activity. */
  readonly deleteAfterSeconds: number | undefined;
  /** Holds every delete. */
  readonly preventDeletion: boolean;
  /** Open connections do not keep it awake. */
  readonly ignoreActiveConnections: boolean;
  /** Requests that are not activity. */
  readonly ignore: IgnoreRules;
  /** Where each setting comes from; one that was turned off (`"0"`, `""`) has a source too. */
  readonly sources: { readonly [S in SleepSetting]?: SleepPolicySource };
}

/**
 * The policy that holds for an instance: of its annotations, and of what its status says of template, values and project
 * (controllers/instances/sleep-policies.ts). Undefined if nobody set anything; `fault` says what cannot be understood, for people,
 * and nothing of the policy holds then.
 */
export function sleepPolicyOf(
  instance: Sleeper,
): { readonly policy: SleepPolicy } | { readonly fault: string } | undefined {
  const settings = sleepSettingsOf(instance);
  const { sources = {}, faults = {} } = settings;
  if (Object.keys(sources).length === 0) return undefined;
  const [fault] = Object.values(faults);
  if (fault !== undefined) return { fault };
  return {
    policy: {
      afterInactivitySeconds: settings.afterInactivitySeconds || undefined,
      deleteAfterSeconds: settings.deleteAfterSeconds || undefined,
      sleepSchedule: settings.sleepSchedule || undefined,
      wakeupSchedule: settings.wakeupSchedule || undefined,
      timezone: settings.timezone ?? 'UTC',
      preventDeletion: settings.preventDeletion === true,
      ignoreActiveConnections: settings.ignoreActiveConnections === true,
      ignore: ignoreRulesOf(settings),
      sources,
    },
  };
}

/** The same with each setting as it was written, and with the faults of single settings. */
export function sleepSettingsOf({ metadata, status }: Sleeper): SleepPolicyStatus {
  return effectivePolicy({ ...saidByStatus(status?.sleepPolicy), annotation: saidByInstance(metadata) });
}

/** Whether times of the day put it to sleep or wake it. */
export function hasSchedule({ sleepSchedule, wakeupSchedule }: SleepTimes): boolean {
  return sleepSchedule !== undefined || wakeupSchedule !== undefined;
}

/** The newest transition at or before `now`: since then its state should hold. Undefined if there was none yet. */
export function lastTransition(policy: SleepTimes, now: Date): SleepTransition | undefined {
  const asleep = timeOf(previousTime, policy.sleepSchedule, policy, now);
  const awake = timeOf(previousTime, policy.wakeupSchedule, policy, now);
  if (asleep === undefined) return awake && { state: 'awake', at: awake };
  // At the same minute waking wins: a sleeper that should work costs more than the reverse.
  return awake !== undefined && awake >= asleep
    ? { state: 'awake', at: awake }
    : { state: 'asleep', at: asleep };
}

/** The first transitions after `now` to sleep and to wake. */
export function nextTransitions(policy: SleepTimes, now: Date): SleepTransition[] {
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
export function sleepCalendars(policy: SleepTimes, now: Date): UtcCalendar[] {
  return [policy.sleepSchedule, policy.wakeupSchedule]
    .flatMap((text) => readSchedule(text) ?? [])
    .flatMap((schedule) => utcCalendars(schedule, policy.timezone, now, horizonDays));
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
  { timezone }: SleepTimes,
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
