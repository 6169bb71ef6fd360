import { objectKey } from '../../../adapters/kubernetes/informer.ts';
import type { AccessReview } from '../../authorization/access-review.ts';
import type { Identity } from '../../identity/identity.ts';
import type { FilteredPlural } from './filtered-request.ts';
import type { Row, Shown } from './reader.ts';

/** What names an object in its kind. */
export interface ObjectRef {
  readonly namespace?: string;
  readonly name: string;
}

/**
 * Those of `objects` that `identity` may `get`.
 * @throws PlatformError `management_unavailable`
 */
export function visibleObjects<T extends ObjectRef>(
  { review }: { review: AccessReview },
  identity: Identity,
  plural: FilteredPlural,
  objects: readonly T[],
): Promise<T[]> {
  return review.filter(identity, objects, ({ namespace, name }) => ({
    verb: 'get',
    resource: plural,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  }));
}

/** Where the object of a list, a watch event or a table row stands; undefined if it names none. */
export function objectRefOf(entry: Shown | Row): (ObjectRef & { readonly key: string }) | undefined {
  const { object } = entry as Row;
  const { metadata } = object ?? (entry as Partial<Shown>);
  if (metadata === undefined) return undefined;
  const { name, namespace } = metadata;
  return { key: objectKey(metadata), name, ...(namespace === undefined ? {} : { namespace }) };
}
