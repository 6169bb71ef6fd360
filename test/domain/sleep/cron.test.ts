import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CronExpressionParser } from 'cron-parser';
import fc from 'fast-check';
import { nextTime, previousTime, utcCalendars } from '../../../domain/sleep/cron-times.ts';
import { type CronSchedule, parseCron } from '../../../domain/sleep/cron.ts';
import { readTimeZone } from '../../../domain/sleep/time-zone.ts';

const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;

function schedule(text: string): CronSchedule {
  const read = parseCron(text);
  return 'schedule' in read ? read.schedule : assert.fail(`${text}: ${read.fault}`);
}

/** One field: a list of single values, ranges and steps. */
function field(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max });
  const range = fc.tuple(value, value).map((ends) => ends.toSorted((a, b) => a - b).join('-'));
  const stepped = fc.tuple(range, fc.integer({ min: 1, max: 20 })).map(([ends, step]) => `${ends}/${step}`);
  const item = fc.oneof(value.map(String), range, stepped);
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
}
const orEvery = (one: fc.Arbitrary<string>, every = '*') => fc.oneof(fc.constant(every), one);
const time = fc.tuple(
  fc.oneof(
    field(0, 59),
    fc.integer({ min: 1, max: 59 }).map((step) => `*/${step}`),
  ),
  fc.oneof(field(0, 23), fc.constantFrom('*', '*/2', '1', '2', '0')),
);
const texts = fc
  .tuple(time, orEvery(field(1, 31)), orEvery(field(1, 12)), orEvery(field(0, 6)))
  .map(([clock, day, month, weekday]) => [...clock, day, month, weekday].join(' '));

function otherReader(text: string, start: number) {
  try {
    return CronExpressionParser.parse(text, { currentDate: new Date(start), tz: 'UTC' });
  } catch (error) {
    if (/duplicate values/.test(String(error))) return undefined; // crontab takes them
    throw error;
  }
}

describe('times of a schedule', () => {
  it('are those that another reader of cron finds', () => {
    const starts = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2040, 0) });
    let compared = 0;
    fc.assert(
      fc.property(texts, starts, (text, start) => {
        // The other reader takes all days, written as a range, for a star.
        fc.pre(!/(?:^|[ ,])(?:1-31|0-6)(?:[ ,/]|$)/.test(text));
        const read = parseCron(text);
        if ('fault' in read) return assert.match(read.fault, /no such day/);
        const other = otherReader(text, start);
        fc.pre(other !== undefined);
        let at = new Date(start);
        for (let i = 0; i < 4; i += 1) {
          at = nextTime(read.schedule, 'UTC', at) ?? assert.fail(`${text} never happens`);
          assert.equal(at.getTime(), other.next().getTime(), text);
          assert.equal(previousTime(read.schedule, 'UTC', at)?.getTime(), at.getTime(), text);
        }
        compared += 1;
        return undefined;
      }),
      { numRuns: 300 },
    );
    assert.ok(compared > 200);
  });

  // Days on which the clocks change: east and west of Greenwich, by half an hour, by two hours, at midnight, and none.
  const changes: [zone: string, day: string][] = [
    ['Europe/Berlin', '2026-03-29'],
    ['Europe/Berlin', '2026-10-25'],
    ['America/New_York', '2026-11-01'],
    ['America/New_York', '2027-03-14'],
    ['America/Havana', '2027-03-14'],
    ['America/St_Johns', '2026-11-01'],
    ['Australia/Lord_Howe', '2026-10-04'],
    ['Australia/Lord_Howe', '2027-04-04'],
    ['Antarctica/Troll', '2026-10-25'],
    ['Africa/Cairo', '2026-04-24'],
    ['Asia/Beirut', '2026-10-25'],
    ['Africa/Casablanca', '2027-02-07'],
    ['Asia/Kathmandu', '2026-11-29'],
  ];
  for (const [zone, day] of changes) {
    it(`are the minutes at which the clocks show them: ${zone} around ${day}`, () => {
      const from = Date.parse(day) - dayMs;
      const minutes = Array.from({ length: 3 * 1440 }, (_, i) => from + i * minuteMs);
      const shown = minutes.map((at) => clockOf(zone, at));
      fc.assert(
        fc.property(time, orEvery(field(0, 6)), ([minute, hour], weekday) => {
          const read = schedule(`${minute} ${hour} * * ${weekday}`);
          const expected = minutes.filter((_, i) => {
            const { minute: m = -1, hour: h = -1, weekday: w = -1 } = shown[i] ?? {};
            return (
              read.minutes.includes(m) && read.hours.includes(h) && read.days[0]?.ofWeek.includes(w) === true
            );
          });
          const found: number[] = [];
          for (let at = from - 1; ; ) {
            at = nextTime(read, zone, new Date(at))?.getTime() ?? Number.POSITIVE_INFINITY;
            if (at >= from + 3 * dayMs) break;
            found.push(at);
            if (found.length > 60) break;
          }
          assert.deepEqual(found, expected.slice(0, found.length));
          if (found.length <= 60) assert.equal(found.length, expected.length);
          assert.equal(
            previousTime(read, zone, new Date(from + 3 * dayMs - minuteMs))?.getTime(),
            expected.at(-1) ?? previousTime(read, zone, new Date(from - 1))?.getTime(),
          );
          assert.deepEqual(
            writtenOut(read, zone, from).filter((at) => at < from + 3 * dayMs),
            expected,
          );
        }),
        { numRuns: 8 },
      );
    });
  }

  it('of a written out schedule are few calendars', () => {
    const calendars = utcCalendars(schedule('* * * * *'), 'Europe/Berlin', new Date('2026-10-20'), 100);
    assert.ok(calendars.length < 12, `${calendars.length}`);
    const evening = utcCalendars(schedule('0 20 * * 1-5'), 'Europe/Berlin', new Date('2026-10-20'), 20);
    assert.deepEqual(evening, [
      { year: 2026, month: 10, daysOfMonth: [20, 21, 22, 23], hours: [18], minutes: [0] },
      { year: 2026, month: 10, daysOfMonth: [26, 27, 28, 29, 30], hours: [19], minutes: [0] },
      { year: 2026, month: 11, daysOfMonth: [2, 3, 4, 5, 6], hours: [19], minutes: [0] },
    ]);
  });
});

/** What the clocks of a zone show, by another way than the offset that domain/sleep/time-zone.ts asks for. */
const formats = new Map<string, Intl.DateTimeFormat>();
function clockOf(zone: string, at: number) {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      hour: 'numeric',
      minute: 'numeric',
    });
  formats.set(zone, format);
  const [, weekday = '', hour, minute] = /^(\w+)\W+(\d+):(\d+)$/.exec(format.format(at)) ?? [];
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  return { weekday: days.indexOf(weekday), hour: Number(hour), minute: Number(minute) };
}

/** The times of written out calendars, from `from` on. */
function writtenOut(read: CronSchedule, zone: string, from: number): number[] {
  return utcCalendars(read, zone, new Date(from), 5)
    .flatMap(({ year, month, daysOfMonth, hours, minutes }) =>
      daysOfMonth.flatMap((day) =>
        hours.flatMap((hour) => minutes.map((minute) => Date.UTC(year, month - 1, day, hour, minute))),
      ),
    )
    .filter((at) => at >= from)
    .toSorted((a, b) => a - b);
}

describe('the dialect', () => {
  it('has one meaning for each of these', () => {
    const same: [text: string, as: string][] = [
      ['0 20 * * 0,7', '0 20 * * 0'],
      ['0 20 * * 5-7', '0 20 * * 0,5,6'],
      ['0 20 * * MON-Fri', '0 20 * * 1-5'],
      ['0 20 ? JAN,dec ?', '0 20 * 1,12 *'],
      ['5/15 */6 */1 * *', '5,20,35,50 0,6,12,18 * * *'],
      [' 08\t09  * * * ', '8 9 * * *'],
      ['*/10,7 20 * * *', '0,7,10,20,30,40,50 20 * * *'],
      ['@Daily', '0 0 * * *'],
      ['@weekly', '0 0 * * 7'],
    ];
    for (const [text, as] of same) assert.deepEqual(schedule(text), schedule(as), text);
  });

  it('takes a day of the month or of the week where both are restricted', () => {
    const days = (text: string) =>
      Array.from({ length: 4 }).reduce<string[]>((found) => {
        const after = new Date(found.at(-1) ?? '2026-11-01T00:00:00Z');
        return [...found, nextTime(schedule(text), 'UTC', after)?.toISOString() ?? 'never'];
      }, []);
    assert.deepEqual(
      days('0 20 13 * 5').map((at) => at.slice(0, 10)),
      ['2026-11-06', '2026-11-13', '2026-11-20', '2026-11-27'],
    );
    assert.deepEqual(
      days('0 20 1-31 * 1').map((at) => at.slice(8, 10)),
      ['01', '02', '03', '04'],
    );
  });

  it('refuses what has none or several, and says why', () => {
    const faults: [text: string, fault: RegExp][] = [
      ['0 20 L * *', /"L" is not a day of the month: 1 to 31/],
      ['0 20 15W * *', /"15W" is not a day/],
      ['0 20 * * 1#2', /"1#2" is not a day of the week: 0 to 7 or sun to sat/],
      ['H 20 * * *', /"H" is not a minute/],
      ['0 20 */2 * 1', /differently: write the days as a list/],
      ['0 20 13 * */2', /differently/],
      ['0 20 * * 1/2', /needs a range: 1-6\/2 or 1-7\/2/],
      ['0 20 * * fri-sun', /ends before it begins/],
      ['0 20 30 2 *', /no such day/],
      ['0 20 31 4,6 *', /no such day/],
      ['*/0 * * * *', /a step of 0/],
      ['1,,2 * * * *', /"" is not a minute/],
      ['+5 * * * *', /"\+5" is not a minute/],
      ['1-2-3 * * * *', /is not a minute/],
      ['*-5 * * * *', /is not a minute/],
      ['60 * * * *', /"60" is not a minute: 0 to 59/],
      ['* 24 * * *', /"24" is not an hour/],
      ['0 0 * 13 *', /"13" is not a month: 1 to 12 or jan to dec/],
      ['0 0 * * 8', /"8" is not a day of the week/],
      ['0 0 * * monday', /"monday" is not a day of the week/],
      ['@reboot', /five fields/],
      ['@every 1h', /five fields/],
      ['0 0 20 * * *', /five fields/],
      ['TZ=UTC 0 20 * * *', /time zone has an annotation/],
      [`${'1,'.repeat(300)}1 * * * *`, /longer than 500/],
    ];
    for (const [text, fault] of faults) {
      const read = parseCron(text);
      assert.match('fault' in read ? read.fault : 'none', fault, text);
    }
  });
});

it('a time zone is a name of the IANA database or an offset', () => {
  const zones: Record<string, string | undefined> = {
    'Europe/Berlin': 'Europe/Berlin',
    'europe/berlin#7200': 'Europe/Berlin',
    'US/Eastern': 'America/New_York',
    utc: 'UTC',
    'Etc/GMT+2': 'Etc/GMT+2',
    'CEST#7200': '+02:00',
    'IST#19800': '+05:30',
    'NDT#-9000': '-02:30',
    'PDT#-25200': '-07:00',
    '-03#-10800': '-03:00',
    '+0545#20700': '+05:45',
    '+02:00': '+02:00',
  };
  for (const [text, zone] of Object.entries(zones)) assert.equal(readTimeZone(text), zone, text);
  // ICU knows some of them, each as one place of several that use it.
  for (const text of [
    'IST',
    'PST',
    'AST',
    'CEST',
    'Local',
    'Factory',
    'SystemV/EST5',
    '+0200',
    '#7200',
    '-3#-10800',
    '+05:45#20700',
    '',
    'Europe/../x',
  ])
    assert.equal(readTimeZone(text), undefined, text);
  for (const zone of Intl.supportedValuesOf('timeZone')) assert.equal(readTimeZone(zone), zone);
});
