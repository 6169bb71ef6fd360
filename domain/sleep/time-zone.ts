/** Names of the IANA database without a region. ICU takes others too, which mean different places to others (`IST`, `AST`). */
const withoutRegion = (
  'CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran Israel ' +
  'Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK Singapore Turkey ' +
  'UCT UTC Universal W-SU WET Zulu'
)
  .toLowerCase()
  .split(' ');
const regions =
  /^(?:africa|america|antarctica|arctic|asia|atlantic|australia|brazil|canada|chile|etc|europe|indian|mexico|pacific|us)\//;

/** An IANA name in its canonical form, or a fixed offset like `+05:30`. */
export type TimeZone = string;

/**
 * The time zone that a name of any case or an offset (`+02:00`) means, or that an annotation of vCluster Platform's clients means: they write
 * `Europe/Berlin#7200` or, with an abbreviation, `CEST#7200`, where only the offset in seconds has one meaning. Where a zone has
 * no abbreviation, Go writes its offset as one: `-03#-10800`, `+0545#20700`.
 */
export function readTimeZone(text: string): TimeZone | undefined {
  const direct = /^([-+])(\d\d):([0-5]\d)$/.exec(text.trim());
  if (direct !== null)
    return fixedOffset(Number(`${direct[1]}1`) * (Number(direct[2]) * 60 + Number(direct[3])));
  const [, name = '', offset] = /^([^#]*)(?:#([-+]?\d{1,5}))?$/.exec(text.trim()) ?? [];
  const known = name.trim().toLowerCase();
  if (withoutRegion.includes(known) || regions.test(known)) return canonical(known);
  if (offset === undefined || !/^(?:[a-z]{1,5}|[-+]\d\d(?:\d\d)?)$/.test(known)) return undefined;
  return fixedOffset(Number(offset) / 60);
}

/** By name in lower case, of those that ICU knows: it takes a fifth of a millisecond each time. */
const canonicalNames = new Map<string, TimeZone>();

function canonical(name: string): TimeZone | undefined {
  const before = canonicalNames.get(name);
  if (before !== undefined) return before;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    canonicalNames.set(name, timeZone);
    return timeZone;
  } catch {
    return undefined; // RangeError: the only way Intl says no
  }
}

function fixedOffset(minutes: number): TimeZone | undefined {
  if (!Number.isInteger(minutes) || Math.abs(minutes) > 14 * 60) return undefined;
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

const formats = new Map<TimeZone, Intl.DateTimeFormat>();

/** Minutes that the clocks of a zone are ahead of UTC. */
export function offsetMinutes(zone: TimeZone, at: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    formats.set(zone, format);
  }
  const [, sign, hours, minutes] = /GMT(?:([-+])(\d\d):(\d\d))?/.exec(format.format(at)) ?? [];
  return sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes));
}
