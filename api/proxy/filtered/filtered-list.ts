import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import type { Gateway } from '../../gateway.ts';
import type { Identity } from '../../identity/identity.ts';
import { withComputed } from '../computed/computed-objects.ts';
import type { ContinueTokens } from './continue-token.ts';
import type { FilteredRequest } from './filtered-request.ts';
import { hideFrom } from './hiding.ts';
import { listOfNamespaces } from './namespace-lists.ts';
import { type Listing, readAsReader, type Row, type Shown, textOf } from './reader.ts';
import { keysUpTo, type ShownPage, type ShownPages } from './shown-pages.ts';
import { objectRefOf, visibleObjects } from './visible-objects.ts';
import { jsonText } from '../../http/json-text.ts';

/** Of the API server, so that one answer holds a page whatever is hidden. */
const pageSize = 500;
const timeoutMs = 30_000;
/** Read at once. */
const maxNamespaces = 16;
/** In objects more that a list of all might have instead. */
const costOfList = 20;

/** The answer to a filtered list. */
export interface FilteredResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** With the last page: keys of what all pages show, and the resourceVersion they are of; absent for a failure. */
  readonly shown?: { readonly resourceVersion: string; readonly keys: ReadonlySet<string> };
}

type ListDeps = Pick<Gateway, 'management' | 'review' | 'cache' | 'usage'> & {
  readonly tokens: ContinueTokens;
  readonly pages: ShownPages;
};

/** How a list is to be read. */
interface Terms {
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly limit: number;
  /** Rows are to come without their objects. */
  readonly bare: boolean;
  /** What was shown before, by its name in `pages`; absent: it is the first page. */
  readonly shownBefore: string | undefined;
}

/**
 * The list that `request` asks for with only what `identity` may see. A page is filled up to `limit` with what is
 * visible; the number of others is not revealed.
 * @throws PlatformError `management_unavailable`
 */
export async function filteredList(
  deps: ListDeps,
  identity: Identity,
  request: FilteredRequest,
  accept: string,
): Promise<FilteredResponse> {
  const limit = Number(request.query.get('limit') ?? '0') || Number.POSITIVE_INFINITY;
  const query = new URLSearchParams(request.query);
  const sealed = query.get('continue') ?? '';
  const continuation = sealed === '' ? undefined : deps.tokens.open(sealed, identity);
  if (continuation !== undefined) query.set('continue', continuation.token);
  else if (sealed !== '') return expired();
  // Rows without their object could not be distinguished.
  const bare = query.get('includeObject') === 'None';
  if (bare) query.set('includeObject', 'Metadata');
  const terms = { query, accept, limit, bare, shownBefore: continuation?.shown };
  const few = sealed === '' ? await listFewNamespaces(deps, identity, request, terms) : undefined;
  return few ?? (await fillPage(deps, identity, request, terms));
}

/** The whole list, from the few namespaces that can have something; undefined if that does not pay or is too much. */
async function listFewNamespaces(
  deps: ListDeps,
  identity: Identity,
  request: FilteredRequest,
  { query, accept, limit, bare }: Terms,
): Promise<FilteredResponse | undefined> {
  const terms = { query, accept, signal: AbortSignal.timeout(timeoutMs) };
  const few = await fewNamespaces(deps, identity, request, limit);
  const list = few && (await listOfNamespaces(deps, request, terms, few));
  if (list === undefined) return undefined;
  const { page, contentType } = list;
  const shown = await visibleOf(deps, identity, request, page);
  if (shown.length > limit) return undefined;
  const last = shownOf(page, shown, undefined);
  return { status: 200, contentType, body: bodyOf(page, shown, '', bare), ...wholeOf(last) };
}

/** Reads pages of all namespaces until enough is visible. */
async function fillPage(
  deps: ListDeps,
  identity: Identity,
  request: FilteredRequest,
  terms: Terms,
): Promise<FilteredResponse> {
  const { query, accept, limit } = terms;
  const found: (Shown | Row)[] = [];
  for (;;) {
    query.set('limit', String(Math.min(pageSize, limit - found.length)));
    const answer = await readAsReader(
      deps,
      `${request.path}?${query}`,
      accept,
      AbortSignal.timeout(timeoutMs),
    );
    const text = await textOf(answer);
    const contentType = String(answer.headers['content-type'] ?? 'application/json');
    // The API server's own would offer to go on at another state, with a token that names an object.
    if (answer.statusCode === 410 && query.has('continue')) return expired();
    if (answer.statusCode !== 200) return { status: answer.statusCode, contentType, body: text };
    const page = JSON.parse(text) as Listing;
    found.push(...(await visibleOf(deps, identity, request, page)));
    const next = page.metadata.continue ?? '';
    if (next !== '' && found.length < limit) {
      query.set('continue', next);
      // Only the first page may say which state it wants.
      query.delete('resourceVersion');
      query.delete('resourceVersionMatch');
      continue;
    }
    return { contentType, ...endOfPage(deps, identity, terms, { page, found, next }) };
  }
}

/** An answer with `found`, and what is remembered of it for the rest of the list or for a watch behind it. */
function endOfPage(
  { pages, tokens }: ListDeps,
  identity: Identity,
  { bare, shownBefore }: Terms,
  { page, found, next }: { page: Listing; found: readonly (Shown | Row)[]; next: string },
): Omit<FilteredResponse, 'contentType'> {
  const isFirst = shownBefore === undefined;
  const shown = shownOf(page, found, isFirst ? undefined : pages.get(shownBefore));
  const known = isFirst || shown?.before !== undefined ? shown : undefined;
  if (next === '') return { status: 200, body: bodyOf(page, found, '', bare), ...wholeOf(known) };
  const name = known === undefined ? '' : pages.add(known);
  const rest = tokens.seal({ token: next, shown: name }, identity);
  return { status: 200, body: bodyOf(page, found, rest, bare) };
}

/**
 * The namespaces that can have something for `identity`, if to list each of them is less than to list all and their objects
 * are one page. The caches only say what pays: whatever that is, the answer is the same.
 */
async function fewNamespaces(
  { review, cache }: Pick<Gateway, 'review' | 'cache'>,
  identity: Identity,
  { plural, namespace }: FilteredRequest,
  limit: number,
): Promise<string[] | undefined> {
  if (namespace !== undefined || !resourceKinds[plural].namespaced) return undefined;
  const all = cache.objects(plural);
  if (all.length <= costOfList) return undefined;
  const namespaces = await review.namespacesOf(identity, plural);
  if (namespaces === undefined || namespaces.length > maxNamespaces) return undefined;
  const there = all.filter(({ metadata }) => namespaces.includes(metadata.namespace ?? '')).length;
  const pays = there + namespaces.length * costOfList < all.length;
  return pays && there <= Math.min(limit, pageSize) ? namespaces : undefined;
}

async function visibleOf(
  deps: Pick<Gateway, 'review' | 'usage'>,
  identity: Identity,
  { plural }: FilteredRequest,
  page: Listing,
): Promise<(Shown | Row)[]> {
  const entries = (page.rows ?? page.items ?? []).flatMap((entry) => {
    const place = objectRefOf(entry);
    return place === undefined ? [] : [{ ...place, entry }];
  });
  const visible = await visibleObjects(deps, identity, plural, entries);
  const shown = await hideFrom(
    deps.review,
    identity,
    plural,
    visible.map(({ entry }) => entry),
  );
  if (page.kind === 'Table') return shown;
  await deps.usage.fresh(plural);
  return withComputed({ ...deps, identity }, plural, { kind: page.kind, items: shown }).items;
}

function bodyOf(page: Listing, found: readonly (Shown | Row)[], rest: string, bare: boolean): string {
  const { remainingItemCount: _count, continue: _next, ...metadata } = page.metadata;
  const shownRows = bare ? found.map(({ object: _object, ...row }) => row) : found;
  return jsonText({
    ...page,
    metadata: { ...metadata, ...(rest === '' ? {} : { continue: rest }) },
    ...(page.kind === 'Table' ? { rows: shownRows } : { items: shownRows }),
  });
}

/** What a page shows, after those `before` it if they are of the same state. */
function shownOf(
  { metadata: { resourceVersion } }: Listing,
  found: readonly (Shown | Row)[],
  before: ShownPage | undefined,
): ShownPage | undefined {
  if (resourceVersion === undefined) return undefined;
  const keys = found.flatMap((entry) => objectRefOf(entry)?.key ?? []);
  return { resourceVersion, keys, before: before?.resourceVersion === resourceVersion ? before : undefined };
}

function wholeOf(last: ShownPage | undefined): Pick<FilteredResponse, 'shown'> {
  return last === undefined ? {} : { shown: { resourceVersion: last.resourceVersion, keys: keysUpTo(last) } };
}

/** As an API server says that a page is too old: clients list again. */
function expired(): FilteredResponse {
  const message = 'The provided continue parameter is too old or not yours: list again without it';
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'Expired',
    code: 410,
  };
  return { status: 410, contentType: 'application/json', body: JSON.stringify(status) };
}
