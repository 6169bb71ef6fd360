/** When something recurs, in local time: minute, hour and month match, and one of `days`. All lists are sorted. */
export interface CronSchedule {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** 1 is January. */
  readonly months: readonly number[];
  readonly days: readonly CronDays[];
}

/** Both match. 0 is Sunday. */
interface CronDays {
  readonly ofMonth: readonly number[];
  readonly ofWeek: readonly number[];
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Of three letters; the first stands for `min`. */
  readonly names?: readonly string[];
}

const fields = {
  minute: { name: 'a minute', min: 0, max: 59 },
  hour: { name: 'an hour', min: 0, max: 23 },
  dayOfMonth: { name: 'a day of the month', min: 1, max: 31 },
  month: {
    name: 'a month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  dayOfWeek: {
    name: 'a day of the week',
    min: 0,
    max: 7,
    names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
  },
} as const satisfies Record<string, Field>;

const nicknames: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const maxLength = 500;
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

class CronFault extends Error {}

/**
 * Reads a schedule of five fields as crontab(5) and Kubernetes' CronJobs do. What the two read differently is a fault,
 * which says what to write instead.
 */
export function parseCron(text: string): Parsed {
  const before = parsed.get(text);
  if (before !== undefined) return before;
  const found = parse(text);
  if (parsed.size >= maxParsed) parsed.clear();
  if (text.length <= maxLength) parsed.set(text, found);
  return found;
}

type Parsed = { readonly schedule: CronSchedule } | { readonly fault: string };

/** Thousands of instances have the same few schedules, and are looked at again and again. */
const parsed = new Map<string, Parsed>();
const maxParsed = 1_000;

function parse(text: string): Parsed {
  try {
    return { schedule: read(text) };
  } catch (error) {
    if (error instanceof CronFault) return { fault: error.message };
    throw error;
  }
}

function read(text: string): CronSchedule {
  if (text.length > maxLength) throw new CronFault(`longer than ${maxLength} characters`);
  const trimmed = text.trim();
  if (/^(?:CRON_)?TZ=/i.test(trimmed)) throw new CronFault('the time zone has an annotation of its own');
  const parts = (nicknames[trimmed.toLowerCase()] ?? trimmed).split(/\s+/);
  const [minute, hour, dayOfMonth, month, dayOfWeek] = parts;
  if (
    parts.length !== 5 ||
    minute === undefined ||
    hour === undefined ||
    dayOfMonth === undefined ||
    month === undefined ||
    dayOfWeek === undefined
  )
    throw new CronFault(
      `five fields are required (minute, hour, day of the month, month, day of the week) or one of ${Object.keys(nicknames).join(', ')}`,
    );
  const months = valuesOf(month, fields.month);
  const schedule: CronSchedule = {
    minutes: valuesOf(minute, fields.minute),
    hours: valuesOf(hour, fields.hour),
    months,
    days: daysOf(dayOfMonth, dayOfWeek),
  };
  const isPossible = ({ ofMonth, ofWeek }: CronDays) =>
    ofWeek.length < 7 || months.some((one) => (ofMonth[0] ?? 0) <= (longestMonths[one - 1] ?? 0));
  if (!schedule.days.some(isPossible)) throw new CronFault('there is no such day');
  return schedule;
}

/** If both are restricted, one of them is enough. */
function daysOf(dayOfMonth: string, dayOfWeek: string): readonly CronDays[] {
  const ofMonth = valuesOf(dayOfMonth, fields.dayOfMonth);
  const ofWeek = sorted(valuesOf(dayOfWeek, fields.dayOfWeek).map((day) => day % 7));
  if (isEvery(dayOfMonth) || isEvery(dayOfWeek)) return [{ ofMonth, ofWeek }];
  const half = [dayOfMonth, dayOfWeek].find((field) => /[*?]/.test(field));
  if (half !== undefined)
    throw new CronFault(
      `crontab and CronJobs read "${half}" beside another restricted day field differently: write the days as a list`,
    );
  return [
    { ofMonth, ofWeek: every(0, 6) },
    { ofMonth: every(fields.dayOfMonth.min, fields.dayOfMonth.max), ofWeek },
  ];
}

function isEvery(field: string): boolean {
  return /^[*?](?:\/0*1)?$/.test(field);
}

function valuesOf(text: string, field: Field): number[] {
  return sorted(text.split(',').flatMap((item) => valuesOfItem(item, field)));
}

function valuesOfItem(item: string, field: Field): number[] {
  const [, from, to, step] = /^([^-/]+)(?:-([^-/]+))?(?:\/(\d{1,2}))?$/.exec(item) ?? [];
  if (from === undefined) throw new CronFault(`"${item.slice(0, 20)}" is not ${field.name}`);
  const width = step === undefined ? 1 : Number(step);
  if (width === 0) throw new CronFault(`a step of 0 in "${item.slice(0, 20)}"`);
  if (from === '*' || from === '?') {
    if (to !== undefined) throw new CronFault(`"${item.slice(0, 20)}" is not ${field.name}`);
    return every(field.min, field.max, width);
  }
  const first = valueOf(from, field);
  if (to === undefined && step === undefined) return [first];
  if (to === undefined && field === fields.dayOfWeek)
    throw new CronFault(`a step for ${field.name} needs a range: ${first}-6/${width} or ${first}-7/${width}`);
  const last = to === undefined ? field.max : valueOf(to, field);
  if (first > last)
    throw new CronFault(`the range "${item.slice(0, 20)}" ends before it begins: write two ranges`);
  return every(first, last, width);
}

function valueOf(text: string, { name, min, max, names = [] }: Field): number {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return min + named;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    const also = names.length === 0 ? '' : ` or ${names[0]} to ${names.at(-1)}`;
    throw new CronFault(`"${text.slice(0, 20)}" is not ${name}: ${min} to ${max}${also}`);
  }
  return value;
}

function every(first: number, last: number, step = 1): number[] {
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);
}

function sorted(values: readonly number[]): number[] {
  return [...new Set(values)].toSorted((a, b) => a - b);
}
