import type { CronSchedule } from './cron.ts';
import { offsetMinutes, type TimeZone } from './time-zone.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** A 29 February comes after at most eight years. */
const maxDays = 9 * 366;

/** The first time after `after`, an instant; undefined if there is none in nine years. */
export function nextTime(schedule: CronSchedule, zone: TimeZone, after: Date): Date | undefined {
  const from = localDay(zone, after.getTime());
  for (let i = 0; i < maxDays; i += 1) {
    const time = timesOfDay(schedule, zone, from + i * dayMs).find((one) => one > after.getTime());
    if (time !== undefined) return new Date(time);
  }
  return undefined;
}

/** The last time at or before `until`, likewise. */
export function previousTime(schedule: CronSchedule, zone: TimeZone, until: Date): Date | undefined {
  const from = localDay(zone, until.getTime());
  for (let i = 0; i < maxDays; i += 1) {
    const time = timesOfDay(schedule, zone, from - i * dayMs).findLast((one) => one <= until.getTime());
    if (time !== undefined) return new Date(time);
  }
  return undefined;
}

/** All times after `from` and before `to`, in order, in milliseconds since the epoch. */
export function timesBetween(schedule: CronSchedule, zone: TimeZone, from: Date, to: Date): number[] {
  const times: number[] = [];
  const last = localDay(zone, to.getTime());
  for (let day = localDay(zone, from.getTime()); day <= last; day += dayMs)
    times.push(...timesOfDay(schedule, zone, day));
  return times.filter((time) => time > from.getTime() && time < to.getTime());
}

/** What recurs on some days of one month, in UTC. */
export interface UtcCalendar {
  readonly year: number;
  /** 1 is January. */
  readonly month: number;
  readonly daysOfMonth: readonly number[];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
}

/** All times of the local days from the day of `from` on, as few calendars in UTC. */
export function utcCalendars(
  schedule: CronSchedule,
  zone: TimeZone,
  from: Date,
  days: number,
): readonly UtcCalendar[] {
  const found = new Map<string, UtcCalendar & { readonly daysOfMonth: number[] }>();
  const first = localDay(zone, from.getTime());
  for (let i = 0; i < days; i += 1) {
    const times = timesOfDay(schedule, zone, first + i * dayMs);
    for (const { date, hours, minutes } of productsOf(times)) {
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
      const key = `${year}-${month} ${hours.join()} ${minutes.join()}`;
      const calendar = found.get(key) ?? { year, month, daysOfMonth: [], hours, minutes };
      calendar.daysOfMonth.push(date.getUTCDate());
      found.set(key, calendar);
    }
  }
  return [...found.values()];
}

/** Times of at most two days as sets of hours and minutes of one day, each time in one of them. */
function productsOf(times: readonly number[]) {
  const minutesOf = new Map<number, number[]>();
  for (const time of times) {
    const hour = Math.floor(time / (60 * minuteMs));
    const minutes = minutesOf.get(hour) ?? [];
    minutes.push((time / minuteMs) % 60);
    minutesOf.set(hour, minutes);
  }
  const products = new Map<string, { date: Date; hours: number[]; minutes: number[] }>();
  for (const [hour, minutes] of minutesOf) {
    const day = Math.floor(hour / 24);
    const key = `${day} ${minutes.join()}`;
    const product = products.get(key) ?? { date: new Date(day * dayMs), hours: [], minutes };
    product.hours.push(hour % 24);
    products.set(key, product);
  }
  return products.values();
}

/** Midnight of the date that the clocks of a zone show, as if it were in UTC. */
function localDay(zone: TimeZone, at: number): number {
  return Math.floor((at + offsetMinutes(zone, at) * minuteMs) / dayMs) * dayMs;
}

/**
 * The instants of one local date, in order: those whose local time matches. So a time of day that the clocks skip is
 * not among them, and one that they repeat is twice.
 */
function timesOfDay(schedule: CronSchedule, zone: TimeZone, day: number): number[] {
  if (!isDay(schedule, new Date(day))) return [];
  const offsets = [...new Set([day - dayMs, day + 2 * dayMs].map((at) => offsetMinutes(zone, at)))];
  const times = offsets.flatMap((offset) =>
    schedule.hours
      .flatMap((hour) => schedule.minutes.map((minute) => day + (hour * 60 + minute - offset) * minuteMs))
      .filter((time) => offsets.length === 1 || offsetMinutes(zone, time) === offset),
  );
  return times.toSorted((a, b) => a - b);
}

function isDay({ months, days }: CronSchedule, date: Date): boolean {
  return (
    months.includes(date.getUTCMonth() + 1) &&
    days.some(
      ({ ofMonth, ofWeek }) => ofMonth.includes(date.getUTCDate()) && ofWeek.includes(date.getUTCDay()),
    )
  );
}
