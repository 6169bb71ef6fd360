import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { LabelSelector } from '../../contracts/resources/label-selector.ts';
import type { Project } from '../../contracts/resources/project.ts';
import { type ClusterFault, type Demand, faultOf } from './cluster-fault.ts';

/** The connected cluster for a tenant cluster or space, or why there is none. */
export type Placement =
  | { readonly cluster: string }
  | {
      /** `cluster_unreachable` may pass by itself, the others do not. */
      readonly reason: 'cluster_not_found' | 'forbidden' | 'conflict' | 'cluster_unreachable';
      readonly message: string;
    }
  | {
      /** The only cluster that it can be is offline, and its agent will be back. */
      readonly reason: 'cluster_offline';
      readonly message: string;
      readonly awaited: string;
    };

/** What an instance or its template asks for. */
export interface PlacementWish {
  readonly cluster?: string | undefined;
  readonly selector?: LabelSelector | undefined;
}

/** How many instances a connected cluster has. */
export interface ClusterLoad {
  readonly all: number;
  readonly ofProject: number;
}

export interface PlacementQuestion {
  readonly project: Project;
  readonly clusters: readonly Cluster[];
  /** Where it was placed before: it stays there, whatever else is asked for. */
  readonly placed?: string | undefined;
  /** What its spec asks for. */
  readonly asked?: PlacementWish | undefined;
  /** What its template asks for. */
  readonly template?: (PlacementWish & { readonly name: string }) | undefined;
  readonly load?: (cluster: string) => ClusterLoad;
}

const noLoad = (): ClusterLoad => ({ all: 0, ofProject: 0 });

/**
 * Chooses a connected cluster: one that the project allows (`allowedClusters`; without the list all, `*` all), with the
 * labels that instance and template ask for, not marked unusable, not full, initialised and not known to be offline. Of
 * these, one with a ready node before one without; the one with the fewest instances for its size; the one with the
 * fewest of the project; the first by name. A cluster that a template or else the spec names is only checked, and so,
 * for what may have changed, is the one where it was placed before.
 */
export function placeTenant(question: PlacementQuestion): Placement {
  const { project, placed, asked, template } = question;
  if (placed) return checkCluster({ ...question, asked: {}, template: undefined, load: noLoad }, placed);
  const fixed = template?.cluster || undefined;
  const wanted = fixed ?? (asked?.cluster || undefined);
  if (wanted === undefined) return chooseCluster(question);
  // Before looking whether there is one: the error must not reveal it.
  if (!isClusterAllowed(project, wanted)) return notAllowed(project, wanted);
  if (fixed !== undefined && asked?.cluster && asked.cluster !== fixed) {
    return {
      reason: 'conflict',
      message: `template "${template?.name}" fixes cluster "${fixed}", and spec.clusterRef.cluster asks for "${asked.cluster}": leave it out`,
    };
  }
  return checkCluster(question, wanted);
}

/** Whether `project` allows the connected cluster; without a list all are allowed, `*` means all. */
export function isClusterAllowed(project: Project, cluster: string): boolean {
  const allowed = project.spec?.allowedClusters;
  return allowed === undefined || allowed.some(({ name }) => name === '*' || name === cluster);
}

function checkCluster(question: PlacementQuestion, name: string): Placement {
  const { project, clusters, load = noLoad } = question;
  if (!isClusterAllowed(project, name)) return notAllowed(project, name);
  const cluster = clusters.find(({ metadata }) => metadata.name === name);
  if (cluster === undefined)
    return { reason: 'cluster_not_found', message: `connected cluster "${name}" not found` };
  const fault = faultOf(cluster, demandsOf(question), load(name).all);
  return fault === undefined ? { cluster: name } : refusal([fault], `cluster "${name}" ${fault.text}`);
}

function chooseCluster(question: PlacementQuestion): Placement {
  const { project, clusters, load = noLoad } = question;
  const demands = demandsOf(question);
  const allowed = clusters
    .filter(({ metadata }) => isClusterAllowed(project, metadata.name))
    .map((cluster) => {
      const { all, ofProject } = load(cluster.metadata.name);
      return { cluster, all, ofProject, fault: faultOf(cluster, demands, all) };
    })
    .sort((a, b) => (a.cluster.metadata.name < b.cluster.metadata.name ? -1 : 1));
  if (allowed.length === 0) {
    return {
      reason: 'cluster_not_found',
      message: `project "${project.metadata.name}" allows none of the connected clusters (spec.allowedClusters)`,
    };
  }
  const fit = allowed.filter(({ fault }) => fault === undefined);
  const faults = allowed.flatMap(({ fault }) => fault ?? []);
  // One without a limit counts as large as the largest.
  const largest = Math.max(1, ...fit.map(({ cluster }) => cluster.spec.maxInstances ?? 1));
  const size = ({ cluster }: (typeof fit)[number]) => cluster.spec.maxInstances ?? largest;
  const [best] = fit.toSorted(
    (a, b) =>
      Number(isWithoutNodes(a.cluster)) - Number(isWithoutNodes(b.cluster)) ||
      a.all * size(b) - b.all * size(a) ||
      a.ofProject - b.ofProject,
  );
  return best === undefined ? refusal(faults, listOf(faults)) : { cluster: best.cluster.metadata.name };
}

/** What labels a cluster must have, and who says so. */
function demandsOf({ asked, template }: PlacementQuestion): Demand[] {
  const demands = [
    { selector: template?.selector, source: `clusterSelector of template "${template?.name}"` },
    { selector: asked?.selector, source: 'spec.clusterSelector' },
  ];
  return demands.flatMap(({ selector, source }) => (selector === undefined ? [] : [{ selector, source }]));
}

/** A node may come when there are pods for it: better than none at all. */
function isWithoutNodes({ status }: Cluster): boolean {
  return status?.nodes?.ready === 0;
}

function notAllowed({ metadata }: Project, cluster: string): Placement {
  return {
    reason: 'forbidden',
    message: `project "${metadata.name}" does not allow cluster "${cluster}" (spec.allowedClusters)`,
  };
}

function refusal(faults: readonly ClusterFault[], message: string): Placement {
  const [only, ...others] = faults.filter(({ kind }) => kind !== 'lasting');
  if (only?.kind === 'away' && others.length === 0)
    return { reason: 'cluster_offline', message, awaited: only.cluster };
  const mayPass = faults.some(({ kind }) => kind === 'away' || kind === 'unready');
  return { reason: mayPass ? 'cluster_unreachable' : 'conflict', message };
}

/** The message goes into statuses. */
const maxListed = 10;

function listOf(faults: readonly ClusterFault[]): string {
  const listed = faults.slice(0, maxListed).map(({ cluster, text }) => `"${cluster}" ${text}`);
  const others = faults.length - listed.length;
  return `no connected cluster can take it: ${listed.join('; ')}${others > 0 ? `; and ${others} more` : ''}`;
}
