import { Type } from 'typebox';
import { searchText } from './values.ts';

const mostInPage = 1_000;

/** A page of a list: `next` is absent at the end, and a page may hold less than was asked for. */
export interface Page<T> {
  readonly items: T[];
  readonly next?: string;
}

/**
 * What every list takes, whatever it lists: `limit`, `cursor`, and `sort` by one of `fields`, `-` in front for the last first.
 * @param byDefault `limit`: undefined: all there is
 */
export function pageFields<const F extends string>(
  fields: readonly F[],
  byDefault: { readonly sort: F | `-${F}`; readonly limit?: number },
) {
  const sorts = fields.flatMap((field): (F | `-${F}`)[] => [field, `-${field}`]);
  return {
    limit: Type.Optional(
      Type.String({
        pattern: '^([1-9][0-9]{0,2}|1000)$',
        description: `1 to ${mostInPage}; default ${byDefault.limit ?? 'all'}`,
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]+$',
        maxLength: 2_000,
        description: '`next` of the page before; everything else as it was there',
      }),
    ),
    sort: Type.Optional(Type.Enum(sorts, { description: `"-": the last first. Default ${byDefault.sort}` })),
  };
}

/** Any of `values`, separated by commas. */
export function anyOf(values: readonly string[], description: string) {
  const value = `(${values.join('|')})`;
  return Type.Optional(
    Type.String({
      pattern: `^${value}(,${value})*$`,
      maxLength: 500,
      description: `${description}: any of ${values.join(', ')}, separated by commas`,
    }),
  );
}

/** Exactly this text. */
export function exactly(description: string) {
  return Type.Optional(searchText(253, description));
}

/** The schema of a page of `item`. */
export const nextField = {
  next: Type.Optional(Type.String({ description: '`cursor` of the next page; absent at the end' })),
};
