import type { SpaceRef, UnplacedSpace } from '../../contracts/instance-ref.ts';
import type { OperationInput } from '../../contracts/workflows.ts';
import { activitiesWith } from '../proxies.ts';
import { type OperationRun, tagCluster } from './operation-run.ts';

/** The space that an operation is about. */
export function unplacedSpace({ project, name, uid }: OperationInput): UnplacedSpace {
  return { kind: 'space', project, name, uid };
}

/** Where our own database knows that the space is. */
export function placedSpace({ input, placed }: OperationRun): SpaceRef | undefined {
  if (placed === undefined) return undefined;
  const { cluster, hostNamespace } = placed;
  return { ...unplacedSpace(input), cluster, hostNamespace };
}

/**
 * Where the space is: from our own database, which costs nothing, else from the resource. Fails with `conflict` if
 * it was never made.
 */
export async function locateSpace(run: OperationRun): Promise<SpaceRef> {
  const placed = placedSpace(run);
  if (placed) return placed;
  const { space } = await activitiesWith({ summary: 'Find where it is' }).findSpacePlace({
    space: unplacedSpace(run.input),
  });
  tagCluster(space.cluster);
  return space;
}
