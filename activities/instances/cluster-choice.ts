import { callManagement } from '../../adapters/kubernetes/failures.ts';
import { instanceResources, type ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { managedKinds } from '../../contracts/kinds.ts';
import { projectNamespace } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Project } from '../../contracts/resources/project.ts';
import { hasTunnel } from '../../db/queries/agent-tunnels.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { type ClusterLoad, type PlacementQuestion, placeTenant } from '../../domain/placement/placement.ts';
import type { TenantDeps } from '../dependencies.ts';

type Deps = Pick<TenantDeps, 'resources' | 'operations'>;

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
 * The connected cluster that is fixed, if it may be, or else the best one. Changes nothing: those who ask at the same moment may
 * get the last place of a cluster together.
 * @throws PlatformError why there is none (domain/placement/placement.ts); `cluster_offline` names in its details the cluster that
 *   the workflow shall wait for. `management_unavailable`, `database_unavailable`
 */
export async function chooseCluster(deps: Deps, question: Omit<PlacementQuestion, 'load'>): Promise<string> {
  const load = countsMatter(question) ? await countInstances(deps.resources, question.project) : undefined;
  const placement = placeTenant({ ...question, ...(load === undefined ? {} : { load }) });
  if (!('reason' in placement)) return placement.cluster;
  const { reason, message } = placement;
  if (reason !== 'cluster_offline') throw new PlatformError(reason, message);
  // Back before its status says so: the wait for its tunnel would end at once, again and again.
  if (await deps.operations.database.query((db) => hasTunnel(db, placement.awaited)))
    throw new PlatformError('cluster_unreachable', message);
  throw new PlatformError(reason, message, { details: { connectedCluster: placement.awaited } });
}

function countsMatter({ clusters, placed, asked, template }: Omit<PlacementQuestion, 'load'>): boolean {
  if (placed) return false;
  const isFixed = !!template?.cluster || !!asked?.cluster;
  return (!isFixed && clusters.length > 1) || clusters.some(({ spec }) => spec.maxInstances !== undefined);
}

/** Tenant clusters and spaces by connected cluster: those that were placed, not those that ask to be. */
async function countInstances(
  resources: ManagementResources,
  { metadata }: Project,
): Promise<(cluster: string) => ClusterLoad> {
  const ofProject = projectNamespace(metadata.name);
  const loads = new Map<string, ClusterLoad>();
  const lists = await callManagement(
    'reading tenant clusters and spaces',
    Promise.all(managedKinds.map((kind) => instanceResources(resources, kind).list())),
  );
  for (const [index, kind] of managedKinds.entries()) {
    for (const instance of lists[index] ?? []) {
      const cluster =
        instance.status?.clusterRef?.cluster || descriptorOf(kind).deployedPlace(instance)?.cluster;
      if (!cluster) continue;
      const { all, ofProject: own } = loads.get(cluster) ?? { all: 0, ofProject: 0 };
      const isOwn = instance.metadata.namespace === ofProject;
      loads.set(cluster, { all: all + 1, ofProject: own + Number(isOwn) });
    }
  }
  return (cluster) => loads.get(cluster) ?? { all: 0, ofProject: 0 };
}
