import { resourcePath } from '../../../adapters/kubernetes/resources.ts';
import type { Gateway } from '../../gateway.ts';
import type { FilteredRequest } from './filtered-request.ts';
import { type Listing, readAsReader, type Row, type Shown, textOf } from './reader.ts';
import { type ObjectRef, objectRefOf } from './visible-objects.ts';

const pageSize = 500;
const pageMs = 10_000;

/** An object in the form in which a watch shows it: bare, or as the one row of a Table. */
export type ShownObject = Shown | Listing;

/**
 * Those objects of one namespace (undefined: of a cluster-scoped kind) that `places` name and the selectors of the
 * watch take, by key. One is read by its name, which costs the server a single read; of several, the namespace is listed.
 * @throws Error if the server does not give them now
 */
export async function readShown(
  deps: Pick<Gateway, 'management'>,
  watch: { readonly request: FilteredRequest; readonly accept: string; readonly signal: AbortSignal },
  namespace: string | undefined,
  places: readonly (ObjectRef & { readonly key: string })[],
): Promise<Map<string, ShownObject>> {
  const { request, signal } = watch;
  const wanted = new Set(places.map(({ key }) => key));
  const query = queryOf(request, places);
  const path = resourcePath(request.plural, namespace);
  const accept = watch.accept.replaceAll('as=PartialObjectMetadata;', 'as=PartialObjectMetadataList;');
  const found = new Map<string, ShownObject>();
  let next = '';
  do {
    if (next !== '') query.set('continue', next);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(pageMs)]);
    const answer = await readAsReader(deps, `${path}?${query}`, accept, limit);
    const text = await textOf(answer);
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${text}`);
    const page = JSON.parse(text) as Listing;
    for (const entry of page.rows ?? page.items ?? []) {
      const key = objectRefOf(entry)?.key;
      if (key !== undefined && wanted.has(key)) found.set(key, shownAs(page, entry));
    }
    next = page.metadata.continue ?? '';
  } while (next !== '');
  return found;
}

function queryOf(request: FilteredRequest, places: readonly ObjectRef[]): URLSearchParams {
  const query = new URLSearchParams({ limit: String(pageSize) });
  for (const key of ['labelSelector', 'includeObject'])
    for (const value of request.query.getAll(key)) query.append(key, value);
  // Rows without their object could not be distinguished; who asked for such is shown them without (filtered-watch.ts).
  if (query.get('includeObject') === 'None') query.set('includeObject', 'Metadata');
  const [only, ...others] = places;
  const fields = [
    request.query.get('fieldSelector') ?? '',
    only === undefined || others.length > 0 ? '' : `metadata.name=${only.name}`,
  ].filter((field) => field !== '');
  if (fields.length > 0) query.set('fieldSelector', fields.join(','));
  return query;
}

/** Without what the page says besides: its continue token names others' objects. */
function shownAs(page: Listing, entry: Shown | Row): ShownObject {
  if (page.kind !== 'Table') return entry as Shown;
  const { resourceVersion = '' } = page.metadata;
  return { ...page, metadata: { resourceVersion }, rows: [entry as Row] };
}
