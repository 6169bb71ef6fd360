import { annotations, labels } from '../contracts/names.ts';
import type { TenantHost } from './host-namespaces.ts';
import { callKubernetes } from './kubernetes/failures.ts';
import { appliedState, type FieldsEntry } from './kubernetes/field-owners.ts';
import { acceptMetadata, type ApiTarget, requestJson } from './kubernetes/request.ts';

/** The kinds whose objects in host namespaces are followed: where they are listed. The worker may list and watch them all. */
export const followedKinds = {
  ConfigMap: ['/api/v1', 'configmaps'],
  Secret: ['/api/v1', 'secrets'],
  Service: ['/api/v1', 'services'],
  ServiceAccount: ['/api/v1', 'serviceaccounts'],
  ResourceQuota: ['/api/v1', 'resourcequotas'],
  LimitRange: ['/api/v1', 'limitranges'],
  StatefulSet: ['/apis/apps/v1', 'statefulsets'],
  Deployment: ['/apis/apps/v1', 'deployments'],
  Ingress: ['/apis/networking.k8s.io/v1', 'ingresses'],
  NetworkPolicy: ['/apis/networking.k8s.io/v1', 'networkpolicies'],
  PodDisruptionBudget: ['/apis/policy/v1', 'poddisruptionbudgets'],
  Role: ['/apis/rbac.authorization.k8s.io/v1', 'roles'],
  RoleBinding: ['/apis/rbac.authorization.k8s.io/v1', 'rolebindings'],
} as const satisfies Record<string, readonly [base: string, plural: string]>;
export type FollowedKind = keyof typeof followedKinds;

/** An object of a host namespace, without its content. */
export interface FollowedObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly managedFields?: readonly FieldsEntry[];
  };
}

/** One that the platform applied, and how it left it (`appliedState`). */
export interface AppliedObject {
  readonly kind: FollowedKind;
  readonly name: string;
  readonly state: string;
}

/** Which annotation of the host namespace says what was applied: of the release, and of the gateway's access. */
export type AppliedPart = typeof annotations.appliedRelease | typeof annotations.appliedAccess;

/** Selects what the platform applied in host namespaces, in all of them or in the one of an instance; nothing that a syncer copied there. */
export function followedSelector(uid?: string): string {
  return `${labels.instanceUid}${uid === undefined ? '' : `=${uid}`},!${labels.synced}`;
}

export function isFollowed(kind: string): kind is FollowedKind {
  return Object.hasOwn(followedKinds, kind);
}

/**
 * Followed objects of one kind of a host namespace, by name.
 * @throws ApiException; what `fetch` throws
 */
export function listFollowed(
  kubeConfig: ApiTarget,
  kind: FollowedKind,
  namespace: string,
  uid: string,
): Promise<Map<string, FollowedObject>> {
  return list(kubeConfig, kind, namespace, `labelSelector=${encodeURIComponent(followedSelector(uid))}`);
}

/** The object of that name, followed or not: by a list, as the worker may not read all kinds by name. @throws as {@link listFollowed} */
export async function findByName(
  kubeConfig: ApiTarget,
  kind: FollowedKind,
  namespace: string,
  name: string,
): Promise<FollowedObject | undefined> {
  const query = `fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`;
  return (await list(kubeConfig, kind, namespace, query)).get(name);
}

async function list(
  kubeConfig: ApiTarget,
  kind: FollowedKind,
  namespace: string,
  query: string,
): Promise<Map<string, FollowedObject>> {
  const [base, plural] = followedKinds[kind];
  const { items } = (await requestJson(kubeConfig, {
    path: `${base}/namespaces/${encodeURIComponent(namespace)}/${plural}?${query}`,
    accept: acceptMetadata('PartialObjectMetadataList'),
  })) as { items: FollowedObject[] | null };
  return new Map((items ?? []).map((object) => [object.metadata.name, object]));
}

/**
 * Notes on the host namespace how `objects` are now that the platform has applied them, so that the controllers see what
 * somebody else changes of them later. Those that have not the label of the instance are not followed. Idempotent.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function noteApplied(
  { client: { kubeConfig }, owner, name: namespace, namespace: { metadata } }: TenantHost,
  part: AppliedPart,
  objects: readonly { readonly kind?: string; readonly metadata?: { readonly name?: string } }[],
): Promise<void> {
  await callKubernetes(`noting what was applied in namespace ${namespace}`, async () => {
    const kinds = new Set(objects.map(({ kind = '' }) => kind).filter(isFollowed));
    const noted: Record<string, string> = {};
    for (const kind of kinds) {
      const present = await listFollowed(kubeConfig, kind, namespace, owner.uid);
      for (const object of objects) {
        const name = object.metadata?.name ?? '';
        const found = object.kind === kind ? present.get(name) : undefined;
        if (found !== undefined) noted[`${kind}/${name}`] = appliedState(found.metadata.managedFields);
      }
    }
    await requestJson(kubeConfig, {
      method: 'PATCH',
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid: metadata?.uid, annotations: { [part]: JSON.stringify(noted) } } },
    });
  });
}

/** Objects of a namespace that are followed: each may become an event, and who administers the cluster writes the notes as they like. */
const maxApplied = 200;
/** A name of an object, as long as Kubernetes lets it be. */
const objectName = /^[A-Za-z0-9._:-]{1,253}$/;

/** What {@link noteApplied} noted; what somebody else has made of it, as far as it can be read. */
export function readApplied(given: Readonly<Record<string, string>> = {}): AppliedObject[] {
  const applied = [annotations.appliedAccess, annotations.appliedRelease].flatMap((part) =>
    Object.entries(parsed(given[part])).flatMap(([key, state]) => {
      const [kind = '', name = ''] = key.split('/');
      return isFollowed(kind) && objectName.test(name) && typeof state === 'string'
        ? [{ kind, name, state }]
        : [];
    }),
  );
  return applied.slice(0, maxApplied);
}

function parsed(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
