import { isConflict, kubernetesFailure } from '../adapters/kubernetes/failures.ts';
import type { ManagementResources, Stored } from '../adapters/kubernetes/resources.ts';
import { PlatformError } from '../contracts/errors.ts';
import { projectNamespace } from '../contracts/names.ts';
import type { SpaceInstance } from '../contracts/resources/space-instance.ts';
import type { UnplacedSpace } from '../contracts/space-ref.ts';
import { managementCall } from './instance-access.ts';

export type StoredSpace = Stored<SpaceInstance>;

/** The space's resource; undefined if it is gone or another of the same name has taken its place. */
export async function findSpace(
  resources: ManagementResources,
  space: UnplacedSpace,
): Promise<StoredSpace | undefined> {
  const found = await managementCall(
    `reading space ${space.name}`,
    resources.spaceinstances.get(spaceObject(space)),
  );
  return found?.metadata.uid === space.uid ? found : undefined;
}

/**
 * Reads the space, has `change` write it with its resourceVersion, and begins again if somebody else wrote meanwhile.
 * `change` gets undefined if the space is gone.
 */
export async function changeSpace<T>(
  resources: ManagementResources,
  space: UnplacedSpace,
  change: (found: StoredSpace | undefined) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const found = await findSpace(resources, space);
    try {
      return await change(found);
    } catch (error) {
      if (attempt >= 10 || !isConflict(error))
        throw kubernetesFailure(`writing space ${space.name}`, error, 'management_unavailable');
    }
  }
}

export function spaceObject({ project, name }: UnplacedSpace): { namespace: string; name: string } {
  return { namespace: projectNamespace(project), name };
}

export function spaceNotFound({ project, name }: UnplacedSpace): PlatformError {
  return new PlatformError('space_not_found', `There is no space ${name} in project ${project}`);
}
