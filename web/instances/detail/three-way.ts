import { mergePatch } from '../../../domain/merge-patch.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An object as one edits it: without what the platform says of it, and what changes with every write. */
export function editablePart(object: object): Fields {
  const { metadata, spec, ...rest } = object as { metadata: Fields; spec?: unknown };
  const { managedFields: _managed, resourceVersion: _version, generation: _generation, ...kept } = metadata;
  const { status: _status, ...head } = rest as Fields;
  return { ...head, metadata: kept, ...(spec === undefined ? {} : { spec }) };
}

/** The paths that both patches change, not both in the same way. */
export function overlap(mine: Fields, theirs: Fields, path = ''): string[] {
  return Object.keys(mine).flatMap((name) => {
    if (!Object.hasOwn(theirs, name)) return [];
    const here = path === '' ? name : `${path}.${name}`;
    const [a, b] = [mine[name], theirs[name]];
    if (isFields(a) && isFields(b)) return overlap(a, b, here);
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [here];
  });
}

/** `object` with a merge patch (RFC 7386) applied. */
export function patched(object: unknown, patch: Fields): Fields {
  const fields: Record<string, unknown> = { ...(isFields(object) ? object : {}) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete fields[name];
    else fields[name] = isFields(value) ? patched(fields[name], value) : value;
  }
  return fields;
}

/** What was changed from `before` to `after`, as a merge patch. */
export function changesOf(before: object, after: object): Fields {
  return mergePatch(before, after);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
