import type { Gateway } from '../../gateway.ts';
import type { FilteredRequest } from './filtered-request.ts';
import { type Listing, readAsReader, textOf } from './reader.ts';

/** What a request for a list says besides its path. */
export interface ListTerms {
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly signal: AbortSignal;
}

export interface WholeList {
  readonly page: Listing;
  readonly contentType: string;
}

/**
 * What of the collection lies in `namespaces`, in the order and of the one state that a list of all would have: the first
 * is read as the request says, the others at the first one's resourceVersion, exactly. So a watch that goes on from
 * there reports each change once, like one behind a list of all. Without a namespace: its state and form alone.
 * @returns undefined if the API server does not answer all of it so (a state that it does not remember, say)
 * @throws PlatformError `management_unavailable`
 */
export async function listOfNamespaces(
  deps: Pick<Gateway, 'management'>,
  { path, plural }: FilteredRequest,
  { query, accept, signal }: ListTerms,
  namespaces: readonly string[],
): Promise<WholeList | undefined> {
  const read = async (from: string, terms: URLSearchParams): Promise<WholeList | undefined> => {
    const answer = await readAsReader(deps, `${from}?${terms}`, accept, signal);
    const text = await textOf(answer);
    if (answer.statusCode !== 200) return undefined;
    const contentType = String(answer.headers['content-type'] ?? 'application/json');
    return { page: JSON.parse(text) as Listing, contentType };
  };
  const terms = new URLSearchParams(query);
  terms.delete('limit');
  const collection = path.slice(0, -plural.length);
  const pathIn = (namespace: string) => `${collection}namespaces/${namespace}/${plural}`;
  const [first, ...others] = inOrder(namespaces);
  if (first === undefined) {
    terms.set('limit', '1');
    const any = await read(path, terms);
    return any && { ...any, page: joined(any.page, []) };
  }
  const begun = await read(pathIn(first), terms);
  const version = begun?.page.metadata.resourceVersion ?? '';
  if (begun === undefined || version === '') return undefined;
  terms.set('resourceVersion', version);
  terms.set('resourceVersionMatch', 'Exact');
  const rest = await Promise.all(others.map((namespace) => read(pathIn(namespace), terms)));
  const pages = [begun, ...rest].flatMap((list) => (list === undefined ? [] : [list.page]));
  const isWhole = pages.every(({ metadata }) => metadata.resourceVersion === version && !metadata.continue);
  if (pages.length !== namespaces.length || !isWhole) return undefined;
  return { ...begun, page: joined(begun.page, pages) };
}

/** As the keys of their objects are ordered. */
function inOrder(namespaces: readonly string[]): string[] {
  return namespaces
    .map((name) => `${name}/`)
    .toSorted((one, other) => (one < other ? -1 : 1))
    .map((key) => key.slice(0, -1));
}

function joined(like: Listing, pages: readonly Listing[]): Listing {
  const { continue: _next, remainingItemCount: _count, ...metadata } = like.metadata;
  const entries =
    like.kind === 'Table'
      ? { rows: pages.flatMap(({ rows }) => rows ?? []) }
      : { items: pages.flatMap(({ items }) => items ?? []) };
  return { ...like, metadata, ...entries };
}
