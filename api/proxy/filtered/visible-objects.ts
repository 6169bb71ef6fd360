import type { AccessReview } from '../../authorization/access-review.ts';
import type { Identity } from '../../identity/identity.ts';
import type { FilteredPlural } from './filtered-request.ts';

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
