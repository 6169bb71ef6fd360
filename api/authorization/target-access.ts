import { PlatformError } from '../../contracts/errors.ts';
import {
  kindNames,
  type ManagedKind,
  type OperationSubject,
  type OperationTarget,
  targetNames,
} from '../../contracts/kinds.ts';
import type { InstanceOf } from '../../contracts/resources/resource-kinds.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { Caller } from '../identity/caller.ts';
import type { AccessReview } from './access-review.ts';
import { clusterAction, targetAction } from './action.ts';

/**
 * The instance that `target` names, if the caller may do `verb` with it. For callers who may not even see it, it does not exist.
 * @throws PlatformError the kind's not-found code, `forbidden`, `management_unavailable`
 */
export async function accessibleInstance<K extends ManagedKind>(
  deps: { cache: Pick<ResourceCache, 'instance'>; review: AccessReview },
  { identity }: Caller,
  verb: string,
  target: OperationTarget & { readonly kind: K },
): Promise<InstanceOf<K>> {
  // Decided before looking whether it exists: the response time must not reveal it.
  const allowed = await deps.review.allows(identity, targetAction(verb, target));
  const instance = deps.cache.instance(target);
  if (instance !== undefined && allowed) return instance;
  const isSeen =
    instance !== undefined &&
    verb !== 'get' &&
    (await deps.review.allows(identity, targetAction('get', target)));
  if (!isSeen) throw targetNotFound(target);
  const { kind, project, name } = target;
  throw new PlatformError(
    'forbidden',
    `you may see ${kindNames[kind].noun} ${name} of project ${project}, but not ${verb} it`,
  );
}

/**
 * Lets `caller` through to connected cluster `name` if the management API allows verb `use` on it; what they may do
 * there its own RBAC decides. For callers who may not even see it, it does not exist.
 * @throws PlatformError `cluster_not_found`, `forbidden`, `management_unavailable`
 */
export async function checkClusterAccess(
  deps: { cache: Pick<ResourceCache, 'hasCluster'>; review: AccessReview },
  { identity }: Caller,
  name: string,
): Promise<void> {
  // Decided before looking whether it exists: the response time must not reveal it.
  const mayUse = await deps.review.allows(identity, clusterAction('use', name));
  const exists = deps.cache.hasCluster(name);
  if (exists && mayUse) return;
  if (exists && (await deps.review.allows(identity, clusterAction('get', name)))) {
    throw new PlatformError('forbidden', `you may see connected cluster ${name}, but not use it`);
  }
  throw targetNotFound({ kind: 'cluster', project: '', name });
}

/** The error for an instance or connected cluster that the caller may not see, whether or not it exists. */
export function targetNotFound({ kind, project, name }: OperationSubject): PlatformError {
  const { noun, notFound } = targetNames[kind];
  const where = project === '' ? '' : ` in project "${project}"`;
  return new PlatformError(notFound, `${noun} "${name}" not found${where}, or you may not see it`);
}
