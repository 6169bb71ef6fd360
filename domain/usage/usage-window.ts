/** Days over which use is told, as vCluster Platform's clients read it. */
export const shortDays = 7;
export const longDays = 30;

const dayMs = 24 * 60 * 60_000;

/** The points in time between which use is told: all end now. */
export interface UsageWindow {
  readonly now: Date;
  readonly sevenDays: Date;
  readonly thirtyDays: Date;
  /** Of the calendar month in UTC, and of the one before it: the epochs. */
  readonly month: Date;
  readonly lastMonth: Date;
}

export function usageWindow(now: Date): UsageWindow {
  const before = (days: number) => new Date(now.getTime() - days * dayMs);
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  return {
    now,
    sevenDays: before(shortDays),
    thirtyDays: before(longDays),
    month: new Date(Date.UTC(year, month, 1)),
    lastMonth: new Date(Date.UTC(year, month - 1, 1)),
  };
}

/** The earliest of them: what ended before is not looked at. */
export function startOf({ thirtyDays, lastMonth }: UsageWindow): Date {
  return lastMonth < thirtyDays ? lastMonth : thirtyDays;
}
