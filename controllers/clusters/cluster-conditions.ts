import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { withFindings } from '../../domain/status/conditions.ts';
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
  const conditions = withFindings(before, problems, new Date().toISOString());
  if (conditions !== before) await resources.clusters.patchStatus({ name }, { conditions }, resourceVersion);
}
