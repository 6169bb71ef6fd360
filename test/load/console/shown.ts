import { median } from '../statistics.ts';

/** Prints one figure of the table. */
export function line(what: string, value: string): void {
  console.log(`  ${what.padEnd(38)} ${value}`);
}

/** The value that this share of them does not exceed. */
export function atShare(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** `median (at most max)` in whole milliseconds. */
export function usual(values: readonly number[]): string {
  return `${median(values).toFixed(0)} ms (at most ${Math.max(...values).toFixed(0)})`;
}

/** `median / p99 / max` in whole milliseconds. */
export function tail(values: readonly number[]): string {
  if (values.length === 0) return 'none';
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  return `${median(values).toFixed(0)} / ${atShare(values, 0.99).toFixed(0)} / ${largest.toFixed(0)} ms`;
}

export const kibibytes = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
