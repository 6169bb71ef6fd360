import type { ResourceEvent } from '../../contracts/events.ts';
import { managementApiVersion } from '../../contracts/names.ts';
import { resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { withComputedFields } from '../../domain/computed-fields.ts';
import type { AccessReview } from '../authorization/access-review.ts';
import type { Identity } from '../identity/identity.ts';
import type { UsageRecords } from '../usage/usage-records.ts';
import { hideEntry, isHidingPlural, seesHidden } from '../proxy/filtered/hiding.ts';
import { actionOn, type Entry, type Stored } from './resource-feed.ts';
import { jsonText } from '../http/json-text.ts';

/** The data of the event that says what an object is now, as `identity` sees it by GET. */
export type ShowEntry = (identity: Identity, entry: Entry) => Promise<string>;

/** Fields such as the next time of a sleep depend on the time: what many are told at the same moment is made once. */
const madeMs = 1_000;

export function createShowEntry(review: AccessReview, usage: Pick<UsageRecords, 'recorded'>): ShowEntry {
  /** Texts of one version of an object, by what its reader may do with it. */
  let made = new WeakMap<Stored, Map<string, string>>();
  let madeAt = 0;

  function textsOf(object: Stored): Map<string, string> {
    const now = performance.now();
    if (now - madeAt > madeMs) {
      made = new WeakMap();
      madeAt = now;
    }
    const texts = made.get(object) ?? new Map<string, string>();
    made.set(object, texts);
    return texts;
  }

  return async (identity, entry) => {
    const { plural, metadata, object } = entry;
    const { name, namespace } = metadata;
    const rights = {
      canUse: review.shows(identity, actionOn('use', entry)),
      canUpdate: review.shows(identity, actionOn('update', entry)),
    };
    const place = { name, ...(namespace === undefined ? {} : { namespace }) };
    // While no decision can be made, all is hidden.
    const isWhole =
      !isHidingPlural(plural) || (await seesHidden(review, identity, plural, place).catch(() => false));
    const texts = textsOf(object);
    const reader = `${isWhole} ${rights.canUse} ${rights.canUpdate}`;
    const before = texts.get(reader);
    if (before !== undefined) return before;
    const whole = { ...headOf(entry), ...object, metadata: withoutManagers(object.metadata) };
    const seen = isWhole || !isHidingPlural(plural) ? whole : hideEntry(plural, whole);
    const recorded = usage.recorded(plural, object.metadata.uid);
    const shown = withComputedFields(plural, seen, { rights, recorded, now: new Date() });
    const text = jsonText({ type: 'changed', resource: plural, object: shown } as ResourceEvent);
    texts.set(reader, text);
    return text;
  };
}

/** The data of the event that says that there is no such object any more for its reader: names, which they knew. */
export function deletedEntry(entry: Entry): string {
  const { plural, metadata } = entry;
  const object = { ...headOf(entry), metadata };
  return JSON.stringify({ type: 'deleted', resource: plural, object } satisfies ResourceEvent);
}

function headOf({ plural }: Entry) {
  return { apiVersion: managementApiVersion, kind: resourceKinds[plural].kind };
}

function withoutManagers<M extends object>(metadata: M): M {
  const { managedFields: _fields, ...rest } = metadata as M & { readonly managedFields?: unknown };
  return rest as unknown as M;
}
