/** Units that people give times of inactivity in, with their seconds, the longest first. */
export const durationUnits = [
  { unit: 'd', seconds: 86_400 },
  { unit: 'h', seconds: 3_600 },
  { unit: 'm', seconds: 60 },
  { unit: 's', seconds: 1 },
] as const;
export type DurationUnit = (typeof durationUnits)[number]['unit'];

/** A number of seconds in the longest unit that it is a whole number of; undefined if the text is not such a number. */
export function durationParts(
  seconds: string | undefined,
): { count: number; unit: DurationUnit } | undefined {
  if (seconds === undefined || !/^\d+$/.test(seconds)) return undefined;
  const all = Number(seconds);
  const { unit, seconds: size } = durationUnits.find(
    (one) => all >= one.seconds && all % one.seconds === 0,
  ) ?? {
    unit: 'h',
    seconds: 3_600,
  };
  return { count: all / size, unit };
}

export function secondsOf(count: number, unit: DurationUnit): string {
  return String(Math.round(count * (durationUnits.find((one) => one.unit === unit)?.seconds ?? 1)));
}

/** As commands write it: `2h`. Days are hours there. */
export function secondsAsDuration(seconds: string): string {
  const parts = durationParts(seconds);
  if (parts === undefined || parts.count === 0) return seconds;
  return parts.unit === 'd' ? `${parts.count * 24}h` : `${parts.count}${parts.unit}`;
}
