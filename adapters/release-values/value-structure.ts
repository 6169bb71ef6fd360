/**
 * Whether two values have the same structure: the same keys, and at each place an object, a list of the same
 * length, nothing, or a scalar in both. A text that looks like a number is still a scalar.
 */
export function sameStructure(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameStructure(item, b[index]))
    );
  if (isObject(a) || isObject(b)) {
    if (!isObject(a) || !isObject(b)) return false;
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && sameStructure(a[key], b[key]))
    );
  }
  return (a === null || a === undefined) === (b === null || b === undefined);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
