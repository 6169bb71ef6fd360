import { parseAllDocuments, stringify } from 'yaml';
import type { AnyObject } from '../../server/kubernetes-objects.ts';
import { resourcesText as text } from '../../text/resources.ts';

/**
 * YAML as Kubernetes reads it: `0644` is octal and `yes` is true, but there are no dates and no numbers to the base of sixty
 * (`22:22`), which YAML 1.1 has.
 */
const options = {
  version: '1.1',
  customTags: (tags: readonly unknown[]) =>
    tags.filter((tag) => {
      const { tag: name, format } = tag as { tag?: string; format?: string };
      return format !== 'TIME' && name !== 'tag:yaml.org,2002:timestamp';
    }),
} as never;

/** An object to read and to change; without what only servers read and write. */
export function yamlOf(object: AnyObject): string {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return stringify(
    { ...object, metadata },
    { ...(options as object), lineWidth: 0, aliasDuplicateObjects: false },
  );
}

/** The objects in a text of one or more documents; lists are taken apart. @throws Error what is wrong, for people */
export function objectsIn(yaml: string): AnyObject[] {
  const documents = parseAllDocuments(yaml, options);
  return (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(text.notYaml(error.message));
    const content: unknown = document.toJS();
    return content === null || content === undefined ? [] : unpacked(content);
  });
}

function unpacked(content: unknown): AnyObject[] {
  const { kind, items } = content as { kind?: unknown; items?: unknown };
  if (kind === 'List' && Array.isArray(items)) return items.flatMap(unpacked);
  if (!isObject(content)) throw new Error(text.notAnObject);
  return [content];
}

function isObject(content: unknown): content is AnyObject {
  if (typeof content !== 'object' || content === null) return false;
  const { apiVersion, kind, metadata } = content as Record<string, unknown>;
  const { name } = (metadata ?? {}) as Record<string, unknown>;
  return (
    typeof apiVersion === 'string' && typeof kind === 'string' && typeof name === 'string' && name !== ''
  );
}
