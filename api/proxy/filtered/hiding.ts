import { managementGroup } from '../../../contracts/names.ts';
import { kubernetesRequest } from '../../../domain/kubernetes-request.ts';
import type { AccessReview } from '../../authorization/access-review.ts';
import type { Identity } from '../../identity/identity.ts';
import { type HidingPlural, isHidingPlural, withoutHidden } from './hidden-fields.ts';
import type { ObjectRef } from './visible-objects.ts';
import { objectRefOf } from './object-ref.ts';
import type { Listing, Row, Shown } from './reader.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';

/** A request whose answer shows objects with texts that may hold secrets. */
export interface HidingRequest {
  readonly plural: HidingPlural;
  readonly verb: string;
  readonly place: Partial<ObjectRef>;
}

/** The read or deletion of such objects that a request is; writes respond to users who may change them anyway. */
export function hidingRequest(method: string, target: KubernetesTarget): HidingRequest | undefined {
  if (target.kind !== 'management') return undefined;
  const { verb, resource } = kubernetesRequest(method, target.upstreamPath);
  if (resource === undefined || resource.group !== managementGroup || !isHidingPlural(resource.resource))
    return undefined;
  if (['create', 'update', 'patch'].includes(verb)) return undefined;
  const { namespace, name } = resource;
  return {
    plural: resource.resource,
    verb,
    place: { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) },
  };
}

/**
 * Whether `identity` may change the objects at `place`, and so sees all of them.
 * @throws PlatformError `management_unavailable`
 */
export async function seesHidden(
  review: AccessReview,
  identity: Identity,
  plural: HidingPlural,
  place: Partial<ObjectRef>,
): Promise<boolean> {
  const may = (verb: string) => review.allows(identity, { verb, resource: plural, ...place });
  return (await may('update')) || may('patch');
}

/**
 * Objects or rows of a list without what `identity` may not see of them.
 * @throws PlatformError `management_unavailable`
 */
export async function hideFrom<T extends Shown | Row>(
  review: AccessReview,
  identity: Identity,
  plural: string,
  entries: readonly T[],
): Promise<T[]> {
  if (!isHidingPlural(plural)) return [...entries];
  return Promise.all(
    entries.map(async (entry) => {
      const place = objectRefOf(entry);
      if (place === undefined) return entry;
      const { namespace, name } = place;
      const at = { name, ...(namespace === undefined ? {} : { namespace }) };
      return (await seesHidden(review, identity, plural, at)) ? entry : hideEntry(plural, entry);
    }),
  );
}

/** The object of a watch event, or its Table, likewise; while no decision can be made, all is hidden. */
export async function hideFromEvent<T extends Shown | Listing>(
  review: AccessReview,
  identity: Identity,
  plural: string,
  object: T,
): Promise<T> {
  if (!isHidingPlural(plural) || object['kind'] === 'Status') return object;
  const { rows } = object as Listing;
  const entries: readonly (Shown | Row)[] = rows ?? [object as Shown];
  const hidden = await hideFrom(review, identity, plural, entries).catch(() =>
    entries.map((entry) => hideEntry(plural, entry)),
  );
  return (rows === undefined || rows === null ? hidden[0] : { ...object, rows: hidden }) as T;
}

/** An object, or the object of a row of a table. */
export function hideEntry<T extends Shown | Row>(plural: HidingPlural, entry: T): T {
  const { object } = entry as Row;
  return object === undefined
    ? withoutHidden(plural, entry)
    : { ...entry, object: withoutHidden(plural, object) };
}
