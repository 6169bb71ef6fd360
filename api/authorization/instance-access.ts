import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, type ManagedKind, type OperationTarget } from '../../contracts/kinds.ts';
import type { InstanceOf } from '../../contracts/resources/resource-kinds.ts';
import type { Caller } from '../identity/caller.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { AccessReview } from './access-review.ts';
import { targetAction } from './action.ts';
import { targetNotFound } from './target-not-found.ts';

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
