import type { AnyObject, ObjectAt, ObjectType } from '../../server/kubernetes-objects.ts';
import { applyTenantObject, type TenantApi } from '../../server/tenant-api.ts';
import { typeOfKind } from '../../server/tenant-discovery.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { namespaces } from './kinds.ts';

/** What became of one object, or would. */
export interface Applied {
  readonly name: string;
  readonly state: 'created' | 'changed' | 'failed' | 'unknown';
  readonly message?: string;
}

/** Where objects go, and how. */
export interface ApplyOptions {
  readonly types: readonly ObjectType[];
  /** For those that name none. */
  readonly namespace: string;
  readonly dryRun: boolean;
  readonly force: boolean;
}

/** Applies one object after the other, or has the API server check that. Never throws: what failed is told with the others. */
export async function applyAll(
  api: TenantApi,
  objects: readonly AnyObject[],
  options: ApplyOptions,
): Promise<Applied[]> {
  const applied: Applied[] = [];
  const missing = new Set<string>();
  for (const object of objects) {
    const one = await applyOne(api, object, options, missing);
    // A dry run creates no namespace, so that nothing in it can be checked.
    if (options.dryRun && object.kind === namespaces.kind && one.state === 'created')
      missing.add(object.metadata.name);
    applied.push({ ...one, name: `${object.kind ?? ''} ${object.metadata.name}` });
  }
  return applied;
}

type Outcome = Omit<Applied, 'name'>;

async function applyOne(
  api: TenantApi,
  object: AnyObject,
  { types, namespace: byDefault, dryRun, force }: ApplyOptions,
  missing: ReadonlySet<string>,
): Promise<Outcome> {
  const type = typeOfKind(types, object);
  if (type === undefined)
    return { state: 'failed', message: text.noSuchKind(object.kind ?? '', object.apiVersion ?? '') };
  const namespace = type.isNamespaced ? (object.metadata.namespace ?? byDefault) : undefined;
  if (api.onlyNamespace !== undefined && namespace !== api.onlyNamespace)
    return { state: 'failed', message: text.outsideSpace(api.onlyNamespace) };
  if (namespace !== undefined && missing.has(namespace))
    return { state: 'unknown', message: text.waitsForNamespace(namespace) };
  const at: ObjectAt = { type, namespace, name: object.metadata.name };
  try {
    return { state: await applyTenantObject(api, at, placed(object, namespace), { dryRun, force }) };
  } catch (error) {
    return { state: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

/** The object with its namespace, and without what servers write and refuse to apply. */
function placed(object: AnyObject, namespace: string | undefined): AnyObject {
  const {
    managedFields: _managedFields,
    resourceVersion: _resourceVersion,
    uid: _uid,
    ...metadata
  } = object.metadata;
  return { ...object, metadata: { ...metadata, ...(namespace === undefined ? {} : { namespace }) } };
}
