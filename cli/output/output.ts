import Table from 'cli-table3';
import { stringify } from 'yaml';
import { CommandFailure } from '../failures/failure.ts';

export const outputFormats = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Title of a column, what stands in it, and whether only a wide table has it. */
export type Column<T> = readonly [title: string, value: (item: T) => string, only?: 'wide'];

/** How the items of a list are shown. */
export interface Listing<T> {
  readonly columns: readonly Column<T>[];
  /** What `-o name` prints, and tells an item from others: `vcluster/demo`. */
  readonly name: (item: T) => string;
}

/** @throws CommandFailure `invalid_request` */
export function outputFormat(text: string): OutputFormat {
  const format = outputFormats.find((known) => known === text);
  if (format === undefined)
    throw new CommandFailure('invalid_request', `--output must be one of ${outputFormats.join(', ')}`);
  return format;
}

/** Whether people read it; else programs do, and the output is one document or names. */
export function isTable(format: OutputFormat): format is 'table' | 'wide' {
  return format === 'table' || format === 'wide';
}

/** Prints a list: columns without borders, the items as they are, or their names. */
export function printList<T>(items: readonly T[], listing: Listing<T>, format: OutputFormat): void {
  if (isTable(format)) {
    const { head, rows } = tableLines(items, listing, format);
    console.log([head, ...rows].join('\n'));
  } else if (format === 'name') for (const item of items) console.log(listing.name(item));
  else console.log(documentText(items, format));
}

/** Prints what one object is, to programs: all of it, or its name. */
export function printDocument(value: unknown, name: string, format: OutputFormat): void {
  console.log(format === 'name' ? name : documentText(value, format));
}

/** YAML is of version 1.1, which Kubernetes' tools read. */
function documentText(value: unknown, format: OutputFormat): string {
  if (format === 'yaml')
    return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
  return JSON.stringify(value, undefined, 2);
}

/** One item of a stream of them, as one line of JSON or one document of YAML. */
export function streamedText(value: unknown, format: OutputFormat): string {
  return format === 'yaml' ? `---\n${documentText(value, format)}` : JSON.stringify(value);
}

const borders =
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle';
const noBorders = Object.fromEntries(borders.split(' ').map((place) => [place, '']));

/** A table as lines, one for each item. */
export function tableLines<T>(
  items: readonly T[],
  { columns }: Pick<Listing<T>, 'columns'>,
  format: 'table' | 'wide',
): { readonly head: string; readonly rows: readonly string[] } {
  const shown = columns.filter(([, , only]) => only === undefined || format === only);
  const table = new Table({
    head: shown.map(([title]) => title),
    chars: noBorders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  for (const item of items) table.push(shown.map(([, value]) => oneLine(value(item))));
  const [head = '', ...rows] = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return { head, rows };
}

/** `text` without line breaks, and without what would steer a terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s*[\r\n]\s*/g, ' ').replaceAll(/\p{Cc}/gu, '');
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
