import { PlatformError } from '../../contracts/errors.ts';
import type { Page } from '../../contracts/rest/pages.ts';

/** What a list was asked for, as `pageFields` in contracts/rest/pages.ts lets it through. */
export interface PageQuery {
  readonly limit?: string;
  readonly cursor?: string;
  readonly sort?: string;
}

/**
 * A place in a list, which stays the same while others come and go: what the last item of a page is sorted by, and what it
 * is told by. A cursor holds nothing but what its page shows.
 */
export function cursorOf(sort: string, ...place: readonly string[]): string {
  return Buffer.from(JSON.stringify([sort, ...place])).toString('base64url');
}

/** @throws PlatformError `invalid_request` for what is not a cursor of this list in this order */
export function placeOf<const N extends readonly string[]>(
  cursor: string,
  sort: string,
  ...names: N
): { [K in keyof N]: string } {
  const [of, ...place] = partsOf(cursor);
  if (of === sort && place.length === names.length) return place as { [K in keyof N]: string };
  throw foreignCursor();
}

export function foreignCursor(): PlatformError {
  return new PlatformError(
    'invalid_request',
    'querystring/cursor: does not belong to this list in this order: leave it out to start again',
  );
}

function partsOf(cursor: string): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.every((part) => typeof part === 'string')) return parts;
  } catch {
    // as any other text that is not ours
  }
  throw foreignCursor();
}

/** How the items of a list in memory are put in order. */
export interface Order<T> {
  readonly byDefault: string;
  /** What a field of `sort` says of an item; what has none comes first. */
  readonly valueOf: (item: T, field: string) => string | undefined;
  /** Tells items apart. */
  readonly keyOf: (item: T) => string;
}

/** The page of a list that is in memory. @throws PlatformError `invalid_request` */
export function pageOf<T>(
  items: readonly T[],
  { limit, cursor, sort: asked }: PageQuery,
  { byDefault, valueOf, keyOf }: Order<T>,
): Page<T> {
  const sort = asked ?? byDefault;
  const isReversed = sort.startsWith('-');
  const field = isReversed ? sort.slice(1) : sort;
  const placed = items.map((item) => ({ item, place: [valueOf(item, field) ?? '', keyOf(item)] as const }));
  const compare = (a: readonly [string, string], b: readonly [string, string]) =>
    (compareText(a[0], b[0]) || compareText(a[1], b[1])) * (isReversed ? -1 : 1);
  placed.sort((a, b) => compare(a.place, b.place));
  const after = cursor === undefined ? undefined : placeOf(cursor, sort, 'value', 'key');
  const rest = after === undefined ? placed : placed.filter(({ place }) => compare(place, after) > 0);
  const shown = limit === undefined ? rest : rest.slice(0, Number(limit));
  const last = shown.at(-1);
  return {
    items: shown.map(({ item }) => item),
    ...(last === undefined || shown.length === rest.length ? {} : { next: cursorOf(sort, ...last.place) }),
  };
}

/** By code units: the same in every language. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The values of a parameter that takes several. */
export function valuesOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',');
}

/** @throws PlatformError `invalid_request` */
export function timeOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new PlatformError('invalid_request', `querystring/${name}: "${text}" is not a time`);
}

/** Whether `search` is in the name or the display name, if anything is searched for. */
export function isNamed(
  { name, displayName = '' }: { readonly name: string; readonly displayName?: string },
  search: string | undefined,
): boolean {
  if (search === undefined) return true;
  const wanted = search.toLowerCase();
  return name.toLowerCase().includes(wanted) || displayName.toLowerCase().includes(wanted);
}
