import { managedKinds, type OperationKind } from '../../contracts/kinds.ts';
import type { CountedRecords } from '../../db/queries/counted-records.ts';
import { administratorAction, recordAction } from '../authorization/action.ts';
import { administeredProject, presentUids } from '../authorization/record-access.ts';
import { visibleInstances } from '../authorization/visible-instances.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { projectsOfOperations } from '../operations/visible-operations.ts';

type Deps = Pick<Gateway, 'review' | 'cache' | 'managementJson'>;

interface Asked {
  readonly project?: string | undefined;
  readonly kinds: readonly OperationKind[];
}

/** What a caller's history is counted from. */
export interface CallersRecords {
  readonly counted: CountedRecords | 'all';
  /** Where those are; undefined: in all projects. */
  readonly projects: readonly string[] | undefined;
}

/**
 * The records that `caller` may read, decided before any is read, so that they can be counted where they are: of instances
 * that they may get, of connected clusters that they may change, and of projects that they administer. As `recordAccess`
 * decides for one.
 * @throws PlatformError `management_unavailable`
 */
export async function callersRecords(deps: Deps, caller: Caller, asked: Asked): Promise<CallersRecords> {
  const { identity } = caller;
  const { project } = asked;
  const isAdministrator =
    identity.scope === undefined && (await deps.review.allows(identity, administratorAction));
  if (isAdministrator) return { counted: 'all', projects: project === undefined ? undefined : [project] };
  const projects = project === undefined ? await projectsOfOperations(deps, caller) : [project];
  const [uids, administered] = await Promise.all([
    presentRecords(deps, caller, asked),
    administeredProjects(deps, caller, asked.kinds, projects),
  ]);
  return { counted: { uids, projects: administered }, projects };
}

/** uids of what is there and whose records the caller may read. */
async function presentRecords(
  deps: Deps,
  { identity }: Caller,
  { project, kinds }: Asked,
): Promise<string[]> {
  const managed = managedKinds.filter((kind) => kinds.includes(kind));
  const instances = await visibleInstances(deps, identity, { project, kinds: managed });
  const isOfClusters = kinds.includes('cluster') && project === undefined;
  const clusters = await deps.review.filter(
    identity,
    isOfClusters ? deps.cache.clusters() : [],
    ({ metadata: { name } }) => recordAction('get', { kind: 'cluster', project: '', name }),
  );
  return [...instances.map(({ instance }) => instance), ...clusters].flatMap(
    ({ metadata: { uid } }) => uid ?? [],
  );
}

/** The projects whose records of a kind the caller may read, also of what is gone. */
async function administeredProjects(
  deps: Deps,
  { identity }: Caller,
  kinds: readonly OperationKind[],
  projects: readonly string[] | undefined,
): Promise<CountedRecords['projects']> {
  const names = projects ?? deps.cache.projects().map(({ metadata }) => metadata.name);
  const uidAt = presentUids(deps);
  const found = await Promise.all(
    kinds.flatMap((kind) =>
      names.map(async (project) => ({
        kind,
        uid: await administeredProject(deps, identity, { kind, project }, uidAt),
      })),
    ),
  );
  return found.flatMap(({ kind, uid }) => (uid === undefined ? [] : [{ kind, uid }]));
}
