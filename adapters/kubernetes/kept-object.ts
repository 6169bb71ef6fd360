import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';

interface KubernetesObject {
  metadata: ObjectMeta;
}

/**
 * `object`, just parsed and nobody else's, as an informer keeps it: without `managedFields`, which is half of many objects and
 * which nothing reads from a cache; and with every part that equals the same part of `like` taken from there. What 10,000
 * sleepers have in common is in memory once.
 * @param like an earlier version of it, or another object of its kind
 */
export function keptObject<T extends KubernetesObject>(object: T, like: T | undefined): T {
  const { managedFields: _fields, ...metadata } = object.metadata as ObjectMeta & {
    readonly managedFields?: unknown;
  };
  object.metadata = metadata;
  return like === undefined ? object : (shared(object, like) as T);
}

/**
 * The version of an object as it is kept: `before`, if it is that.
 * @param keep what is kept of it, default: all
 * @param before the version that is known, or else another object of its kind
 */
export function keptVersion<T extends KubernetesObject>(
  keep: ((object: T) => T) | undefined,
  object: T,
  before: T | undefined,
): T {
  const { name, resourceVersion } = object.metadata;
  if (before?.metadata.resourceVersion === resourceVersion && before?.metadata.name === name) return before;
  return keptObject(keep === undefined ? object : keep(object), before);
}

/**
 * What is nested more deeply is left as it is: resources keep fields that nobody knows, and an API server takes ten thousand levels of
 * them, more than a stack has room for.
 */
const maxLevels = 100;

/** `like` if all of `value` equals it, else `value` with those parts of it that do. */
function shared(value: unknown, like: unknown, levels = maxLevels): unknown {
  if (value === like) return like; // of two equal texts one is kept
  if (typeof value !== 'object' || typeof like !== 'object' || value === null || like === null) return value;
  if (levels === 0 || Array.isArray(value) !== Array.isArray(like)) return value;
  const own = value as Record<string, unknown>;
  const other = like as Record<string, unknown>;
  const names = Object.keys(own);
  let isSame = names.length === Object.keys(other).length;
  for (const name of names) {
    const isThere = Object.hasOwn(other, name);
    if (isThere) own[name] = shared(own[name], other[name], levels - 1);
    if (!isThere || own[name] !== other[name]) isSame = false;
  }
  return isSame ? like : value;
}
