import { PlatformError } from '../../contracts/errors.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { Caller } from '../identity/caller.ts';
import type { GatewayDirectory } from '../cache/resource-cache.ts';
import type { AccessReview } from './access-review.ts';
import { spaceAction } from './action.ts';
import { subjectNotFound } from './subject-not-found.ts';

/**
 * The space `name` of `project`, if the caller may do `verb` with it. To who may not even see it, it does not exist.
 * @throws PlatformError `space_not_found`, `forbidden`, `management_unavailable`
 */
export async function accessibleSpace(
  deps: { directory: Pick<GatewayDirectory, 'space'>; review: AccessReview },
  { identity }: Caller,
  verb: string,
  project: string,
  name: string,
): Promise<SpaceInstance> {
  // Asked before looking whether there is one: the time it takes must not tell.
  const allowed = await deps.review.allows(identity, spaceAction(verb, project, name));
  const space = deps.directory.space(project, name);
  if (space !== undefined && allowed) return space;
  const isSeen =
    space !== undefined &&
    verb !== 'get' &&
    (await deps.review.allows(identity, spaceAction('get', project, name)));
  if (isSeen)
    throw new PlatformError(
      'forbidden',
      `you may see space ${name} of project ${project}, but not ${verb} it`,
    );
  throw subjectNotFound({ kind: 'space', project, name });
}
