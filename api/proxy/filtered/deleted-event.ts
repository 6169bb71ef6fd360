import { managementApiVersion } from '../../../contracts/names.ts';
import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import type { FilteredPlural } from './filtered-request.ts';
import type { Listing, Shown } from './reader.ts';
import type { ObjectRef } from './visible-objects.ts';

/** How a watch shows objects, and where it stands. */
export interface WatchForm {
  readonly plural: FilteredPlural;
  /** The last Table that was seen, if it shows Tables. */
  table: Listing | undefined;
  resourceVersion: string;
}

/** The DELETED event for an object that the client may no longer see: only its name, which it knew. */
export function deletedObject({ name, namespace }: ObjectRef, form: WatchForm): Shown | Listing {
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(form.resourceVersion === '' ? {} : { resourceVersion: form.resourceVersion }),
  };
  const { table } = form;
  if (table === undefined)
    return { apiVersion: managementApiVersion, kind: resourceKinds[form.plural].kind, metadata };
  const cells = ((table.rows?.[0]?.['cells'] ?? ['']) as unknown[]).map((_cell, index) =>
    index === 0 ? name : null,
  );
  const object = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata };
  return { ...table, rows: [{ cells, object }] };
}
