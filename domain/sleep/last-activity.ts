import { annotations } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';

/** Who used an instance last, and how; with the names of fields that vCluster Platform's clients read, and the client's name. */
export interface LastActivityInfo {
  /** User, as Kubernetes APIs know them: who they are themselves, whomever they acted as. */
  readonly subject?: string;
  /** Name by which the client reached the gateway. */
  readonly host?: string;
  readonly verb?: string;
  /** Absent: the core group, or no resource at all (discovery, say). */
  readonly apiGroup?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
  /** The client's `User-Agent`. */
  readonly userAgent?: string;
}

/** Characters that each field may have; what is longer is cut off. */
const longest: { readonly [F in keyof Required<LastActivityInfo>]: number } = {
  subject: 256,
  host: 253,
  verb: 32,
  apiGroup: 253,
  resource: 63,
  subresource: 63,
  name: 253,
  userAgent: 200,
};
const fields = Object.keys(longest) as (keyof LastActivityInfo)[];
/** Far more than all fields together. */
const longestText = 16_384;

/** What clients said about themselves, fit to be stored and shown: bounded, without what a terminal would obey. */
export function lastActivityInfo(
  given: { readonly [F in keyof LastActivityInfo]?: unknown },
): LastActivityInfo {
  const info: { -readonly [F in keyof LastActivityInfo]: string } = {};
  for (const field of fields) {
    const value = given[field];
    const text = typeof value === 'string' ? plainText(value, longest[field]) : '';
    if (text !== '') info[field] = text;
  }
  return info;
}

/** What the annotation of an instance says; undefined if nothing that can be read. */
export function readLastActivityInfo(instance: {
  readonly metadata: ObjectMeta;
}): LastActivityInfo | undefined {
  const text = instance.metadata.annotations?.[annotations.lastActivityInfo];
  if (text === undefined || text.length > longestText) return undefined;
  try {
    const info = lastActivityInfo((JSON.parse(text) ?? {}) as object);
    return Object.keys(info).length === 0 ? undefined : info;
  } catch {
    return undefined; // SyntaxError: somebody else wrote it
  }
}

/** How it was used, for people: ` (get pods, kubectl)`; empty if that is not known. */
export function usedHow({ verb, resource, subresource, userAgent }: LastActivityInfo): string {
  const what = [verb, [resource, subresource].filter(Boolean).join('/')].filter(Boolean).join(' ');
  const client = /^[^\s/]{1,40}/.exec(userAgent ?? '')?.[0];
  const said = [what, client].filter(Boolean).join(', ');
  return said === '' ? '' : ` (${said})`;
}

/** Who used it and how, for people: `anna (get pods, kubectl)`; undefined if nobody knows who. */
export function activityWords(info: LastActivityInfo): string | undefined {
  return info.subject === undefined ? undefined : `${info.subject}${usedHow(info)}`;
}

/**
 * When somebody woke an instance last, in seconds since the epoch, whatever use there was since: admission notes it
 * (policy-woken.yaml). Without a use, its last activity is that.
 */
export function wokenAt({ metadata }: { readonly metadata: ObjectMeta }): number | undefined {
  const given = metadata.annotations ?? {};
  const isOfUse = given[annotations.lastActivityInfo] !== undefined;
  const text = given[annotations.wokenAt] ?? (isOfUse ? undefined : given[annotations.lastActivity]);
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

/** A version of an object. */
interface Version {
  readonly metadata: ObjectMeta & { readonly resourceVersion?: string; readonly managedFields?: unknown };
}

/** Whether all that changed between two versions of an instance is its last use. */
export function isOnlyUse(before: Version, after: Version): boolean {
  const at = ({ metadata }: Version) => metadata.annotations?.[annotations.lastActivity];
  // Most changes are others, and are told apart by this alone.
  return at(before) !== at(after) && isSame(withoutUse(before), withoutUse(after));
}

/** Whether two values are equal. Parts that both have are compared no further, and what is nested too deeply to compare is not. */
function isSame(one: unknown, other: unknown, levels = 100): boolean {
  if (one === other) return true;
  if (levels === 0 || typeof one !== 'object' || typeof other !== 'object') return false;
  if (one === null || other === null || Array.isArray(one) !== Array.isArray(other)) return false;
  const theirs = other as Readonly<Record<string, unknown>>;
  const entries = Object.entries(one);
  return (
    entries.length === Object.keys(other).length &&
    entries.every(([name, value]) => Object.hasOwn(theirs, name) && isSame(value, theirs[name], levels - 1))
  );
}

function withoutUse({ metadata, ...object }: Version): object {
  const { resourceVersion: _version, managedFields: _fields, annotations: given, ...others } = metadata;
  const { [annotations.lastActivity]: _at, [annotations.lastActivityInfo]: _info, ...kept } = given ?? {};
  return { ...object, metadata: { ...others, annotations: kept } };
}

/** Between two records of the use of one instance, in milliseconds: a tenth of what its policy waits for, 1 s at least. */
export function activityIntervalMs(
  policy:
    | {
        readonly afterInactivitySeconds?: number | undefined;
        readonly deleteAfterSeconds?: number | undefined;
      }
    | undefined,
  longestMs: number,
): number {
  const { afterInactivitySeconds = Number.POSITIVE_INFINITY, deleteAfterSeconds = Number.POSITIVE_INFINITY } =
    policy ?? {};
  const tenthMs = Math.min(afterInactivitySeconds, deleteAfterSeconds) * 100;
  return Math.max(1_000, Math.min(longestMs, tenthMs));
}

function plainText(text: string, maxLength: number): string {
  const short = text.length > maxLength ? text.slice(0, maxLength).toWellFormed() : text;
  return plain.test(short) ? short : short.toWellFormed().replace(unseen, '');
}

const plain = /^[\x20-\x7e]*$/;
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
