import { managementApiVersion, projectNamespacePrefix } from '../../contracts/names.ts';
import {
  type ResourceOf,
  type ResourcePlural,
  resourceKinds,
} from '../../contracts/resources/resource-kinds.ts';
import { send } from './send.ts';

/** Where an object of the management API is. `project` of those that are in one. */
export interface ObjectPlace {
  readonly project?: string | undefined;
  readonly name: string;
}

const base = `/kubernetes/management/apis/${managementApiVersion}`;

function collectionPath(plural: ResourcePlural, project: string | undefined): string {
  if (!resourceKinds[plural].namespaced || project === undefined) return `${base}/${plural}`;
  return `${base}/namespaces/${projectNamespacePrefix}${encodeURIComponent(project)}/${plural}`;
}

/** Path of an object of the management API on the platform, to show or to append a subresource to. */
export function objectPath(plural: ResourcePlural, { project, name }: ObjectPlace): string {
  return `${collectionPath(plural, project)}/${encodeURIComponent(name)}`;
}

/** @throws RequestFailure 404 whether it is not there or may not be seen */
export function readObject<P extends ResourcePlural>(plural: P, place: ObjectPlace): Promise<ResourceOf[P]> {
  return send({ path: objectPath(plural, place) });
}

/** All objects of a kind that the caller may see. */
export async function listObjects<P extends ResourcePlural>(
  plural: P,
  project?: string,
): Promise<ResourceOf[P][]> {
  const list = await send<{ items: ResourceOf[P][] }>({ path: collectionPath(plural, project) });
  return list.items;
}

/** What the management API made of `object`; with `dryRun` what it would make, nothing is kept. */
export function createObject<P extends ResourcePlural>(
  plural: P,
  object: Omit<ResourceOf[P], 'apiVersion' | 'kind'>,
  { project, dryRun = false }: { project?: string | undefined; dryRun?: boolean } = {},
): Promise<ResourceOf[P]> {
  return send({
    method: 'POST',
    path: `${collectionPath(plural, project)}${dryRun ? '?dryRun=All' : ''}`,
    body: { apiVersion: managementApiVersion, kind: resourceKinds[plural].kind, ...object },
  });
}

/** Replaces it as a whole; refused (409) if it changed since `object.metadata.resourceVersion`. */
export function replaceObject<P extends ResourcePlural>(
  plural: P,
  object: ResourceOf[P],
  { project, dryRun = false }: { project?: string | undefined; dryRun?: boolean } = {},
): Promise<ResourceOf[P]> {
  const { name } = object.metadata;
  return send({
    method: 'PUT',
    path: `${objectPath(plural, { project, name })}${dryRun ? '?dryRun=All' : ''}`,
    body: { apiVersion: managementApiVersion, kind: resourceKinds[plural].kind, ...object },
  });
}

/** Changes the fields that `patch` names, as a JSON merge patch (RFC 7386); null removes one. With `dryRun` nothing is kept. */
export function patchObject<P extends ResourcePlural>(
  plural: P,
  place: ObjectPlace,
  patch: object,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<ResourceOf[P]> {
  return send({
    method: 'PATCH',
    path: `${objectPath(plural, place)}${dryRun ? '?dryRun=All' : ''}`,
    body: patch,
    headers: { 'content-type': 'application/merge-patch+json' },
  });
}

/** Deletes the very object that was seen; refused (409) if there is another one of its name by now. */
export function deleteObject(
  plural: ResourcePlural,
  place: ObjectPlace,
  uid: string | undefined,
): Promise<unknown> {
  return send({
    method: 'DELETE',
    path: objectPath(plural, place),
    ...(uid === undefined
      ? {}
      : { body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } } }),
  });
}
