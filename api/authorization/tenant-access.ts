import { PlatformError } from '../../contracts/errors.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { Caller } from '../identity/caller.ts';
import type { GatewayDirectory } from '../cache/resource-cache.ts';
import type { AccessReview } from './access-review.ts';
import { instanceAction } from './action.ts';
import { subjectNotFound } from './subject-not-found.ts';

/**
 * The instance `name` of `project`, if the caller may do `verb` with it. To who may not even see it, it does
 * not exist.
 * @throws PlatformError `tenant_cluster_not_found`, `forbidden`, `management_unavailable`
 */
export async function accessibleInstance(
  deps: { directory: GatewayDirectory; review: AccessReview },
  caller: Caller,
  verb: string,
  project: string,
  name: string,
): Promise<VirtualClusterInstance> {
  // Asked before looking whether there is one: the time it takes must not tell.
  const allowed = await deps.review.allows(caller.identity, instanceAction(verb, project, name));
  const instance = deps.directory.instance(project, name);
  if (instance !== undefined && allowed) return instance;
  if (
    instance !== undefined &&
    verb !== 'get' &&
    (await deps.review.allows(caller.identity, instanceAction('get', project, name)))
  ) {
    throw new PlatformError(
      'forbidden',
      `you may see tenant cluster ${name} of project ${project}, but not ${verb} it`,
    );
  }
  throw subjectNotFound({ kind: 'tenant', project, name });
}
