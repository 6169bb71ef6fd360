import { objectKey } from '../../../adapters/kubernetes/informer.ts';
import type { Row, Shown } from './reader.ts';
import type { ObjectRef } from './visible-objects.ts';

/** Where the object of a list, a watch event or a table row stands; undefined if it names none. */
export function objectRefOf(entry: Shown | Row): (ObjectRef & { readonly key: string }) | undefined {
  const { object } = entry as Row;
  const { metadata } = object ?? (entry as Partial<Shown>);
  if (metadata === undefined) return undefined;
  const { name, namespace } = metadata;
  return { key: objectKey(metadata), name, ...(namespace === undefined ? {} : { namespace }) };
}
