import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Condition } from '../../contracts/resources/condition.ts';
import { withCondition, withoutCondition } from '../../domain/status/conditions.ts';
import type { ControllerContext } from '../controller.ts';
import type { Problem } from '../instances/instance-conditions.ts';

/**
 * Says by conditions with status False what is wrong with a connected cluster, in one write, unless they say so already: a second one
 * would be refused, as the first has changed the Cluster.
 * @param problems by the condition's type; undefined: the condition is not there
 * @throws ApiException: 409 if the Cluster has changed meanwhile
 */
export async function setClusterConditions(
  { resources }: Pick<ControllerContext, 'resources'>,
  { metadata: { name, resourceVersion }, status }: Pick<Stored<Cluster>, 'metadata' | 'status'>,
  problems: Readonly<Record<string, Problem | undefined>>,
): Promise<void> {
  const before = status?.conditions ?? [];
  const now = new Date().toISOString();
  const conditions = Object.entries(problems).reduce<readonly Condition[]>(
    (all, [type, problem]) =>
      problem === undefined
        ? withoutCondition(all, type)
        : withCondition(all, { ...problem, type, status: 'False' }, now),
    before,
  );
  if (conditions !== before) await resources.clusters.patchStatus({ name }, { conditions }, resourceVersion);
}
