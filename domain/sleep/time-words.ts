import { offsetMinutes, type TimeZone } from './time-zone.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Says times in one zone as people do, seen from one moment. The zone is named with the first time of the day that is said. */
export class TimeWords {
  private readonly zone: TimeZone;
  private readonly now: Date;
  private isZoneSaid = false;

  constructor(zone: TimeZone, now: Date) {
    this.zone = zone;
    this.now = now;
  }

  /** `at 20:00`, `tomorrow at 07:00`, `on Monday at 07:00`, `on 3 December at 07:00`. */
  at(time: Date): string {
    const day = this.dayOf(time);
    return `${day === '' ? '' : `${day} `}at ${this.clockOf(time)}`;
  }

  /** The same where a word stands before it: `20:00`, `yesterday at 20:00`, `Friday at 20:00`. */
  bare(time: Date): string {
    return this.at(time).replace(/^(?:at|on) /, '');
  }

  /** The day alone, if it is not today: `on 3 December`. */
  on(time: Date): string {
    return this.dayOf(time) || this.at(time);
  }

  private clockOf(time: Date): string {
    const clock = this.local(time).toISOString().slice(11, 16);
    if (this.isZoneSaid) return clock;
    this.isZoneSaid = true;
    return this.zone === 'UTC' ? `${clock} UTC` : `${clock} (${this.zone})`;
  }

  private dayOf(time: Date): string {
    const local = this.local(time);
    const today = this.local(this.now);
    const days = Math.floor(local.getTime() / dayMs) - Math.floor(today.getTime() / dayMs);
    if (days === 0) return '';
    if (days === 1) return 'tomorrow';
    if (days === -1) return 'yesterday';
    if (Math.abs(days) < 7) return `on ${weekdays[local.getUTCDay()]}`;
    const date = `on ${local.getUTCDate()} ${months[local.getUTCMonth()]}`;
    return local.getUTCFullYear() === today.getUTCFullYear() ? date : `${date} ${local.getUTCFullYear()}`;
  }

  /** What the clocks there show, as if it were UTC. */
  private local(time: Date): Date {
    return new Date(time.getTime() + offsetMinutes(this.zone, time.getTime()) * minuteMs);
  }
}

/** `just now`, `4 min ago`, `3 h ago`, `2 d ago`; what is to come counts as now. */
export function agoWords(time: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - time.getTime()) / minuteMs);
  if (minutes < 1) return 'just now';
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}

/** `45 s`, `30 min`, `1 h 30 min`, `7 d`. */
export function durationWords(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  return (
    parts
      .filter(([count]) => count > 0)
      .map(([count, unit]) => `${count} ${unit}`)
      .join(' ') || '0 s'
  );
}
