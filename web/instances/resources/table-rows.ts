import { type ObjectType, typeName } from '../../server/kubernetes-objects.ts';
import type { KubernetesTable, TableRow } from '../../server/kubernetes-table.ts';
import { events } from './kinds.ts';

/** Pages of a table, and of what. */
export interface TableOf {
  readonly pages: readonly KubernetesTable[];
  readonly type: ObjectType;
}

/** What stands in a cell, whatever the server put there. */
export function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell as string | number | boolean);
}

export function rowKey({ object: { metadata } }: TableRow): string {
  return metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Whether any cell, or its namespace, has the text. */
export function matching({ cells, object }: TableRow, search: string): boolean {
  if (search === '') return true;
  const sought = search.toLowerCase();
  return [object.metadata.namespace ?? '', ...cells.map(cellText)].some((one) =>
    one.toLowerCase().includes(sought),
  );
}

/** By the column that `sort` names; else as the server has them, and events with the newest first. */
export function sortedRows(
  rows: readonly TableRow[],
  { pages, type, sort }: TableOf & { sort: string | undefined },
): readonly TableRow[] {
  const by = sort ?? (typeName(type) === typeName(events) ? 'Last Seen' : undefined);
  if (by === undefined) return rows;
  const isDown = by.startsWith('-');
  const name = isDown ? by.slice(1) : by;
  const index = (pages[0]?.columnDefinitions ?? []).findIndex((one) => one.name === name);
  const key = keyOf(name, index);
  return rows.toSorted((one, other) => compare(key(one), key(other)) * (isDown ? -1 : 1));
}

function keyOf(name: string, index: number): (row: TableRow) => string | number {
  const created = ({ object }: TableRow) => -Date.parse(object.metadata.creationTimestamp ?? '') || 0;
  if (name === 'Age') return created;
  if (name === 'Namespace') return ({ object }) => object.metadata.namespace ?? '';
  if (name === 'Last Seen') return ({ cells }) => secondsOf(cellText(cells[index]));
  return ({ cells }) => {
    const cell = cells[index];
    return typeof cell === 'number' ? cell : cellText(cell);
  };
}

const collator = new Intl.Collator('en', { numeric: true });

function compare(one: string | number, other: string | number): number {
  return typeof one === 'number' && typeof other === 'number'
    ? one - other
    : collator.compare(String(one), String(other));
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, y: 31_536_000 };

/** Seconds of a duration as the API server writes it: `3d4h`, `90s`. */
function secondsOf(text: string): number {
  const parts = [...text.matchAll(/(\d+)([smhdy])/g)];
  if (parts.length === 0) return Number.MAX_SAFE_INTEGER;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitSeconds[unit ?? ''] ?? 0), 0);
}
