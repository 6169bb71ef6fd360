import { useNavigate, useSearch } from '@tanstack/react-router';

const names = [
  'project',
  'search',
  'phase',
  'state',
  'type',
  'kind',
  'cluster',
  'template',
  'actor',
  'user',
  'verb',
  'code',
  'name',
  'tenantCluster',
  'space',
  'requestId',
  'operationId',
  'from',
  'to',
  'sort',
  'columns',
  'tab',
  'namespace',
  'resource',
  'object',
  'view',
  'version',
] as const;

/** What an address says besides its path: filters and the place in a page, all of them texts, so that a link shows the same. */
export type PageSearch = { readonly [N in (typeof names)[number]]?: string };

/** What of the query of an address means something; the rest is left out. */
export function pageSearch(given: Record<string, unknown>): PageSearch {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = given[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  );
}

export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const text = new URLSearchParams(
    Object.entries(search).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
    ),
  ).toString();
  return text === '' ? '' : `?${text}`;
}

/** The query of this page's address, and how to change some of it in place; `undefined` removes. */
export function usePageSearch(): [
  PageSearch,
  (changes: { readonly [N in keyof PageSearch]?: string | undefined }) => void,
] {
  const search: PageSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = (changes: { readonly [N in keyof PageSearch]?: string | undefined }) =>
    void navigate({
      to: '.',
      search: (before: PageSearch) => pageSearch({ ...before, ...changes }),
      replace: true,
    });
  return [search, change];
}
