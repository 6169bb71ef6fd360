/** The JSON merge patch that makes `before` equal `after`; lists are replaced. Empty if they are equal. */
export function mergePatch(before: object, after: object): Record<string, unknown> {
  const old = before as Record<string, unknown>;
  const fresh = after as Record<string, unknown>;
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(old))
    if (value !== undefined && fresh[name] === undefined) patch[name] = null;
  for (const [name, value] of Object.entries(fresh)) {
    const stored = old[name];
    if (isObject(value) && isObject(stored)) {
      const inner = mergePatch(stored, value);
      if (Object.keys(inner).length > 0) patch[name] = inner;
    } else if (value !== undefined && JSON.stringify(value) !== JSON.stringify(stored)) patch[name] = value;
  }
  return patch;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
