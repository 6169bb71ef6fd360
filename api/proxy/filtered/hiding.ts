import {
  type ManagedPlural,
  managedPlurals,
  type TemplatePlural,
  templatePlurals,
} from '../../../contracts/kinds.ts';
import { lastApplied, managementGroup } from '../../../contracts/names.ts';
import type { ResourcePlural } from '../../../contracts/resources/resource-kinds.ts';
import { kubernetesRequest } from '../../../domain/requests/kubernetes-request.ts';
import type { AccessReview } from '../../authorization/access-review.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Listing, Row, Shown } from './reader.ts';
import { type ObjectRef, objectRefOf } from './visible-objects.ts';

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

/** What stands in place of a text that may hold secrets, for users who may read an object and not change it. */
const hiddenText = '(hidden: visible only to users who may update this object)';

/** Texts that people write secrets into. Administrators' templates are for all who use them: only passwords are hidden. */
const hiddenInInstances = new Set(['parameters', 'values', 'objects', 'manifests', 'password']);
const hiddenTexts = {
  ...(Object.fromEntries(managedPlurals.map((plural) => [plural, hiddenInInstances])) as unknown as {
    [P in ManagedPlural]: ReadonlySet<string>;
  }),
  ...(Object.fromEntries(templatePlurals.map((plural) => [plural, new Set(['password'])])) as unknown as {
    [P in TemplatePlural]: ReadonlySet<string>;
  }),
} as const satisfies Partial<Record<ResourcePlural, ReadonlySet<string>>>;

/** The kinds with such texts. */
export type HidingPlural = keyof typeof hiddenTexts;

export function isHidingPlural(plural: string): plural is HidingPlural {
  return Object.hasOwn(hiddenTexts, plural);
}

/** `object` (whole, or its metadata alone) without what may hold secrets; what is not hidden stays as it is. */
function withoutHidden<T extends object>(plural: HidingPlural, object: T): T {
  const { metadata, spec } = object as {
    metadata?: { annotations?: Record<string, string> };
    spec?: unknown;
  };
  const hidden: Record<string, unknown> = { ...(object as Record<string, unknown>) };
  if (metadata?.annotations?.[lastApplied] !== undefined) {
    const { [lastApplied]: _whole, ...annotations } = metadata.annotations;
    hidden['metadata'] = { ...metadata, annotations };
  }
  if (spec !== undefined) hidden['spec'] = hide(spec, hiddenTexts[plural]);
  return hidden as T;
}

function hide(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((each) => hide(each, names));
  if (typeof value !== 'object' || value === null) return value;
  // The default of a parameter that is a password.
  const isPassword = 'type' in value && value.type === 'password';
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => {
      const isHidden = names.has(name) || (isPassword && name === 'defaultValue');
      if (isHidden && typeof content === 'string') return [name, content === '' ? '' : hiddenText];
      return [name, hide(content, names)];
    }),
  );
}
