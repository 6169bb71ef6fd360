import type { ResourceOf, ResourcePlural } from '../../contracts/resources/resource-kinds.ts';
import { type ObjectPlace, patchObject, readObject } from './management.ts';
import { RequestFailure } from './problem.ts';

const mostTries = 4;

/**
 * Changes an object by a merge patch that is made of what it is now, so that nothing is lost that others changed meanwhile.
 * Lists are replaced as a whole in a merge patch.
 */
export async function changeObject<P extends ResourcePlural>(
  plural: P,
  place: ObjectPlace,
  patchOf: (object: ResourceOf[P]) => { readonly metadata?: object; readonly spec?: object },
): Promise<ResourceOf[P]> {
  for (let tries = 1; ; tries += 1) {
    const object = await readObject(plural, place);
    const patch = patchOf(object);
    const { resourceVersion } = object.metadata;
    try {
      return await patchObject(plural, place, { ...patch, metadata: { ...patch.metadata, resourceVersion } });
    } catch (error) {
      if (!(error instanceof RequestFailure && error.status === 409) || tries === mostTries) throw error;
    }
  }
}
