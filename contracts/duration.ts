const unitSeconds: Record<string, number> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ns: 1e-9,
};
const part = /(\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|μs|ns)/y;

/** The seconds of a duration as Go writes it (`30m`, `1h30m`, `0`), rounded up to whole ones; undefined if it is none. */
export function secondsOfDuration(text: string): number | undefined {
  if (text === '0') return 0;
  let seconds = 0;
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const [, number, unit = ''] = part.exec(text) ?? [];
    if (number === undefined) return undefined;
    seconds += Number(number) * (unitSeconds[unit] ?? Number.NaN);
  }
  return text === '' ? undefined : Math.max(0, Math.ceil(seconds - 1e-9));
}
