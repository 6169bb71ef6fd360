import { PlatformError } from '../../contracts/errors.ts';
import type { Caller } from '../identity/caller.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { AccessReview } from './access-review.ts';
import { clusterAction } from './action.ts';

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
  throw new PlatformError(
    'cluster_not_found',
    `connected cluster "${name}" not found, or you may not see it`,
  );
}
