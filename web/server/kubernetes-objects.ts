/** A kind of objects, by the names that paths and manifests have for it. */
export interface ObjectType {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
}

export interface ObjectAt {
  readonly type: ObjectType;
  /** Of those that are in one. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Any object of Kubernetes. */
export interface AnyObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly {
      readonly apiVersion: string;
      readonly kind: string;
      readonly name: string;
    }[];
    readonly managedFields?: unknown;
  };
  readonly [field: string]: unknown;
}

/** `pods`, `deployments.apps`: as kubectl names it, and as the page's address does. */
export function typeName({ plural, group }: Pick<ObjectType, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** `apps/v1`, as manifests have it. */
export function apiVersionOf({ group, version }: Pick<ObjectType, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Path of all objects of a kind. @param namespace undefined: of all namespaces */
export function collectionPath(type: ObjectType, namespace: string | undefined): string {
  const root = type.group === '' ? '/api' : '/apis';
  const inside = type.isNamespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}/${apiVersionOf(type)}${inside}/${type.plural}`;
}

/** Path of an object below that of its API server. */
export function objectPathInside({ type, namespace, name }: ObjectAt): string {
  return `${collectionPath(type, namespace)}/${encodeURIComponent(name)}`;
}
