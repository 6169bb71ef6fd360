import { callManagement } from '../../adapters/kubernetes/failures.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import { placeTenant } from '../../domain/placement/placement.ts';

/** What a connected cluster is chosen by. */
export interface ClusterChoices {
  readonly project: Project;
  readonly clusters: readonly Cluster[];
}

/** @throws PlatformError `project_not_found`, `management_unavailable` */
export async function readClusterChoices(
  resources: ManagementResources,
  projectName: string,
): Promise<ClusterChoices> {
  const [project, clusters] = await callManagement(
    'reading projects and clusters',
    Promise.all([resources.projects.get({ name: projectName }), resources.clusters.list()]),
  );
  if (!project) throw new PlatformError('project_not_found', `project ${projectName} not found`);
  return { project, clusters };
}

/**
 * The connected cluster that is wanted, if it may be, or else the one that has the fewest.
 * @param list gives those that are placed already; asked for only if it matters
 * @throws PlatformError why there is none (domain/placement/placement.ts); what `list` throws
 */
export async function chooseCluster(
  { project, clusters }: ClusterChoices,
  wanted: string | undefined,
  list: () => Promise<readonly ManagedInstance[]>,
): Promise<string> {
  const placed = wanted || clusters.length < 2 ? undefined : await list();
  const load = (cluster: string) =>
    placed?.filter((instance) => knownPlace(instance).cluster === cluster).length ?? 0;
  const placement = placeTenant({ project, clusters, wanted, ...(placed ? { load } : {}) });
  if ('reason' in placement) throw new PlatformError(placement.reason, placement.message);
  return placement.cluster;
}
