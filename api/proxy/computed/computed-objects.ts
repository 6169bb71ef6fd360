import {
  type ComputedPlural,
  computedPlurals,
  type ComputedRights,
  withComputedFields,
} from '../../../domain/computed-fields.ts';
import type { AccessReview } from '../../authorization/access-review.ts';
import type { Identity } from '../../identity/identity.ts';
import type { UsageRecords } from '../../usage/usage-records.ts';

/** Whose rights are shown, by what, and beside what is recorded. */
export interface Reader {
  readonly review: Pick<AccessReview, 'shows'>;
  readonly usage: Pick<UsageRecords, 'recorded' | 'fresh'>;
  readonly identity: Identity;
}

interface Named {
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly uid?: string };
  readonly items?: readonly object[] | null;
}

/** Forms of an object or a list that are shown as they are. */
const untouched: ReadonlySet<unknown> = new Set([
  'Status',
  'Table',
  'PartialObjectMetadata',
  'PartialObjectMetadataList',
]);

/** An object or a list of a kind as `reader` sees it: with the fields of domain/computed-fields.ts if the kind has any. */
export function withComputed<T extends object>(reader: Reader, plural: string, answer: T): T {
  if (!isComputed(plural)) return answer;
  const now = new Date();
  const { kind, items } = answer as Named;
  if (untouched.has(kind)) return answer;
  if (Array.isArray(items))
    return { ...answer, items: items.map((item) => ofOne(reader, plural, item, now)) };
  return ofOne(reader, plural, answer, now);
}

/** An event of a watch likewise. A bookmark names no object. */
export function withComputedInEvent<T extends { readonly type: string; readonly object: object }>(
  reader: Reader,
  plural: string,
  event: T,
): T {
  if (event.type === 'BOOKMARK' || event.type === 'ERROR') return event;
  return { ...event, object: withComputed(reader, plural, event.object) };
}

function isComputed(plural: string): plural is ComputedPlural {
  return (computedPlurals as readonly string[]).includes(plural);
}

function ofOne<T extends object>(
  { review, usage, identity }: Reader,
  plural: ComputedPlural,
  object: T,
  now: Date,
): T {
  const { kind, metadata: { name, namespace, uid } = {} } = object as Named;
  if (name === undefined || untouched.has(kind)) return object;
  const place = { resource: plural, name, ...(namespace === undefined ? {} : { namespace }) };
  const rights: ComputedRights = {
    canUse: review.shows(identity, { verb: 'use', ...place }),
    canUpdate: review.shows(identity, { verb: 'update', ...place }),
  };
  const recorded = usage.recorded(plural, uid);
  return withComputedFields(plural, object, { rights, recorded, now });
}
