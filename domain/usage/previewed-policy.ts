import { timesBetween } from '../sleep/cron-times.ts';
import { parseCron } from '../sleep/cron.ts';
import { maxSeconds, readSchedule, readZone } from '../sleep/sleep-settings.ts';
import type { TimeZone } from '../sleep/time-zone.ts';
import { secondsOfDuration } from '../../contracts/duration.ts';
import type { ScheduledChange } from './policy-preview.ts';

/** A policy as it is asked about. */
export interface AskedPolicy {
  readonly sleepAfter?: string | undefined;
  readonly sleepSchedule?: string | undefined;
  readonly wakeupSchedule?: string | undefined;
  readonly timezone?: string | undefined;
}

/** The same, understood. */
export interface ReadPolicy {
  readonly sleepAfterSeconds?: number;
  readonly sleepSchedule?: string;
  readonly wakeupSchedule?: string;
  readonly timezone: TimeZone;
}

/** What nobody understands in a field, for people. */
export interface PolicyFault {
  readonly field: keyof AskedPolicy;
  readonly fault: string;
}

/** Every instance goes through all of them. */
const mostTimes = 1_500;

/** Reads a policy; every field is checked. */
export function readPolicy(
  asked: AskedPolicy,
): { readonly policy: ReadPolicy } | { readonly faults: readonly PolicyFault[] } {
  const { sleepSchedule, wakeupSchedule } = asked;
  const sleepAfter = secondsOf(asked.sleepAfter);
  const zone = zoneOf(asked.timezone ?? 'UTC');
  const faults = [
    sleepAfter,
    scheduleFault('sleepSchedule', sleepSchedule),
    scheduleFault('wakeupSchedule', wakeupSchedule),
    zone,
  ].filter((one) => isFault(one));
  if (faults.length > 0 || isFault(sleepAfter) || isFault(zone)) return { faults };
  if (!sleepAfter && sleepSchedule === undefined) return { faults: [nothingSleeps] };
  return {
    policy: {
      ...(sleepAfter ? { sleepAfterSeconds: sleepAfter } : {}),
      ...(sleepSchedule === undefined ? {} : { sleepSchedule }),
      ...(wakeupSchedule === undefined ? {} : { wakeupSchedule }),
      timezone: zone,
    },
  };
}

const nothingSleeps: PolicyFault = {
  field: 'sleepAfter',
  fault: 'nothing would put anything to sleep: give sleepAfter, sleepSchedule, or both',
};

function isFault(one: PolicyFault | string | number | undefined): one is PolicyFault {
  return typeof one === 'object';
}

function secondsOf(text: string | undefined): number | undefined | PolicyFault {
  if (text === undefined) return undefined;
  const fault = `"${text}" is not a duration: write seconds (1800), or numbers with units (30m, 1h30m)`;
  const trimmed = text.trim();
  const seconds = /^\d+$/.test(trimmed) ? Number(trimmed) : secondsOfDuration(trimmed);
  return seconds !== undefined && seconds <= maxSeconds ? seconds : { field: 'sleepAfter', fault };
}

function zoneOf(text: string): TimeZone | PolicyFault {
  const read = readZone(text);
  return 'fault' in read ? { field: 'timezone', ...read } : read.value;
}

function scheduleFault(
  field: 'sleepSchedule' | 'wakeupSchedule',
  text: string | undefined,
): PolicyFault | undefined {
  const read = text === undefined ? undefined : readSchedule(text);
  return read !== undefined && 'fault' in read ? { field, ...read } : undefined;
}

/**
 * The times of a policy's schedules after `from` and before `to`, in order; at the same minute waking wins. A schedule that comes
 * again and again within the hour is a fault.
 */
export function scheduledChanges(
  policy: ReadPolicy,
  from: Date,
  to: Date,
): { readonly changes: readonly ScheduledChange[] } | { readonly fault: PolicyFault } {
  const changes: ScheduledChange[] = [];
  for (const [field, state] of [
    ['sleepSchedule', 'asleep'],
    ['wakeupSchedule', 'awake'],
  ] as const) {
    const read = parseCron(policy[field] ?? '');
    if ('fault' in read) continue; // there is none
    const times = timesBetween(read.schedule, policy.timezone, from, to);
    if (times.length > mostTimes)
      return {
        fault: {
          field,
          fault: 'comes more often than every half hour, which no preview can show: write fewer times',
        },
      };
    changes.push(...times.map((at) => ({ at, state })));
  }
  return { changes: changes.toSorted((a, b) => a.at - b.at) };
}
