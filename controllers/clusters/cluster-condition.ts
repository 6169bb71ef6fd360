import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { type ConditionState, withCondition, withoutCondition } from '../../domain/status/conditions.ts';
import type { ControllerContext } from '../controller.ts';

/**
 * Has the status of a Cluster say `state` by the condition of that type, unless it does already; undefined: the condition is not there.
 * @throws ApiException: 409 if the Cluster has changed meanwhile
 */
export async function setClusterCondition(
  { resources }: Pick<ControllerContext, 'resources'>,
  { metadata: { name, resourceVersion }, status }: Stored<Cluster>,
  type: string,
  state: Omit<ConditionState, 'type'> | undefined,
): Promise<void> {
  const before = status?.conditions ?? [];
  const conditions =
    state === undefined
      ? withoutCondition(before, type)
      : withCondition(before, { ...state, type }, new Date().toISOString());
  if (conditions !== before) await resources.clusters.patchStatus({ name }, { conditions }, resourceVersion);
}
