import Table from 'cli-table3';
import { stringify } from 'yaml';
import { CommandFailure } from './failure.ts';

const outputFormats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Title of a column, and what stands in it. */
export type Column<T> = readonly [title: string, value: (item: T) => string];

/** @throws CommandFailure `invalid_request` */
export function outputFormat(text: string): OutputFormat {
  const format = outputFormats.find((known) => known === text);
  if (format === undefined)
    throw new CommandFailure('invalid_request', `--output must be one of ${outputFormats.join(', ')}`);
  return format;
}

/** Prints a list: columns without borders, or the items as they are. */
export function printList<T>(items: readonly T[], columns: readonly Column<T>[], format: OutputFormat): void {
  if (format !== 'table') {
    printDocument(items, format);
    return;
  }
  const table = new Table({
    head: columns.map(([title]) => title),
    chars: Object.fromEntries(
      [
        'top',
        'top-mid',
        'top-left',
        'top-right',
        'bottom',
        'bottom-mid',
        'bottom-left',
        'bottom-right',
        'left',
        'left-mid',
        'mid',
        'mid-mid',
        'right',
        'right-mid',
      ].map((place) => [place, '']),
    ),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.options.chars.middle = '';
  for (const item of items) table.push(columns.map(([, value]) => value(item)));
  console.log(trimLines(table.toString()));
}

function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Prints a value as JSON or YAML. */
export function printDocument(value: unknown, format: 'json' | 'yaml'): void {
  const text =
    format === 'json'
      ? `${JSON.stringify(value, undefined, 2)}\n`
      : stringify(value, { version: '1.1', lineWidth: 0 });
  process.stdout.write(text);
}

/** Time since `timestamp` as kubectl shows it: `42s`, `5m`, `3h`, `2d`. */
export function age(timestamp: string | undefined, now = Date.now()): string {
  if (timestamp === undefined) return '';
  const seconds = Math.max(0, Math.floor((now - Date.parse(timestamp)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** A duration in milliseconds as people read it: `0.4 s`, `12 s`, `3 min`. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
