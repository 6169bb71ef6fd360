import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { managementApiVersion, managementGroup, managementVersion } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import {
  type ManagedInstance,
  type ManagedTemplate,
  type ResourceOf,
  type ResourcePlural,
  resourceKinds,
} from '../../contracts/resources/resource-kinds.ts';
import type { ClusterClient } from './client.ts';
import { orUndefined } from './failures.ts';
import { requestJson } from './request.ts';

/** A resource as the API server holds it: with what the server fills in. */
export type Stored<T extends { metadata: ObjectMeta }> = T & {
  metadata: Required<Pick<ObjectMeta, 'uid' | 'resourceVersion' | 'generation' | 'creationTimestamp'>>;
};

/** Which object: `namespace` for namespaced kinds only. */
export interface ObjectName {
  readonly namespace?: string;
  readonly name: string;
}

/** Access to the resources of one kind. Failures are client-node's ApiException (see failures.ts). */
export interface ResourceClient<T extends { metadata: ObjectMeta }> {
  /** All of them, or those of one namespace. */
  list(namespace?: string): Promise<Stored<T>[]>;
  /** The resource, or undefined if there is none. */
  get(name: ObjectName): Promise<Stored<T> | undefined>;
  create(resource: T): Promise<Stored<T>>;
  /** Overwrites the resource; 409 if its resourceVersion is not the newest. */
  replace(resource: Stored<T>): Promise<Stored<T>>;
  /** JSON merge patch; `metadata.resourceVersion` in it makes it conditional (409). */
  patch(name: ObjectName, patch: unknown): Promise<Stored<T>>;
  /** JSON merge patch of the status subresource: `patch` is the status alone. */
  patchStatus(name: ObjectName, patch: unknown, resourceVersion?: string): Promise<Stored<T>>;
  /** Server-side apply as `fieldManager`, taking over fields of others. */
  apply(resource: T, fieldManager: string): Promise<Stored<T>>;
  /**
   * Deletes it; one that is not there is none to delete. `uid` guards against a successor of the same name, `resourceVersion` (409)
   * against what somebody changed meanwhile.
   */
  delete(name: ObjectName, uid?: string, resourceVersion?: string): Promise<void>;
}

export type ManagementResources = { readonly [P in ResourcePlural]: ResourceClient<ResourceOf[P]> };

/** The resources of a managed kind; give them instances of that kind only. */
export function instanceResources(
  resources: ManagementResources,
  kind: ManagedKind,
): ResourceClient<ManagedInstance> {
  return resources[kindNames[kind].plural];
}

/** The templates that instances of a managed kind are made of. */
export function templateResources(
  resources: ManagementResources,
  kind: ManagedKind,
): ResourceClient<ManagedTemplate> {
  return resources[kindNames[kind].templates.plural] as ResourceClient<ManagedTemplate>;
}

/** Typed access to the custom resources of `management.loft.sh/v1`. */
export function managementResources(client: ClusterClient): ManagementResources {
  const plurals = Object.keys(resourceKinds) as ResourcePlural[];
  return Object.fromEntries(
    plurals.map((plural) => [plural, resourceClient(client, plural)]),
  ) as unknown as ManagementResources;
}

/** Path of the list of `plural`, over all namespaces or in one. */
export function resourcePath(plural: ResourcePlural, namespace?: string): string {
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/apis/${managementGroup}/${managementVersion}${scope}/${plural}`;
}

function resourceClient<P extends ResourcePlural>(
  client: ClusterClient,
  plural: P,
): ResourceClient<ResourceOf[P]> {
  type T = ResourceOf[P];
  const { kubeConfig } = client;
  const { kind, namespaced } = resourceKinds[plural];
  const pathOf = ({ namespace, name }: ObjectName, subresource = '') => {
    if (namespaced && namespace === undefined) throw new Error(`${kind} ${name} needs a namespace`);
    return `${resourcePath(plural, namespaced ? namespace : undefined)}/${encodeURIComponent(name)}${subresource}`;
  };
  const send = async (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    contentType?: string,
  ) =>
    (await requestJson(kubeConfig, {
      method,
      path,
      body,
      ...(contentType === undefined ? {} : { contentType }),
    })) as Stored<T>;
  const mergePatch = 'application/merge-patch+json';
  const typed = (resource: T) => ({ ...resource, apiVersion: managementApiVersion, kind });
  return {
    list: async (namespace) => {
      const answer = await requestJson(kubeConfig, { path: resourcePath(plural, namespace) });
      return (answer as { items: Stored<T>[] }).items;
    },
    get: (name) => orUndefined(send('GET', pathOf(name))),
    create: (resource) => send('POST', resourcePath(plural, resource.metadata.namespace), typed(resource)),
    replace: (resource) => send('PUT', pathOf(resource.metadata), typed(resource)),
    patch: (name, patch) => send('PATCH', pathOf(name), patch, mergePatch),
    patchStatus: (name, status, resourceVersion) => {
      const condition = resourceVersion === undefined ? {} : { metadata: { resourceVersion } };
      return send('PATCH', pathOf(name, '/status'), { ...condition, status }, mergePatch);
    },
    apply: (resource, fieldManager) => {
      const query = `?fieldManager=${encodeURIComponent(fieldManager)}&force=true`;
      return send(
        'PATCH',
        `${pathOf(resource.metadata)}${query}`,
        typed(resource),
        'application/apply-patch+yaml',
      );
    },
    delete: async (name, uid, resourceVersion) => {
      const body = uid === undefined ? undefined : { preconditions: { uid, resourceVersion } };
      await orUndefined(send('DELETE', pathOf(name), body));
    },
  };
}
