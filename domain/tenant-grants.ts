import { teamGroup, userGroup } from '../contracts/names.ts';
import type { Project } from '../contracts/resources/project.ts';
import type { Team } from '../contracts/resources/team.ts';
import type { User } from '../contracts/resources/user.ts';
import type { VirtualClusterInstance } from '../contracts/resources/virtual-cluster-instance.ts';

/** Management-wide role whose holders administer every tenant cluster. */
const platformAdminRole = 'loft-management-admin';
const projectAdminRole = 'loft-management-project-admin';
/** What who may use a tenant cluster gets in it, unless a rule says otherwise. */
const defaultClusterRole = 'cluster-admin';

/**
 * Which groups get which ClusterRole inside a tenant cluster: its owner, the project's owner and administrators,
 * the platform's administrators and everybody in `spec.access` get `cluster-admin`; `spec.extraAccessRules` name
 * their roles. (The gateway lets nobody in who may not `use` the instance; this says what he may do there.)
 */
export function tenantGrants(input: {
  instance: VirtualClusterInstance;
  project: Project | undefined;
  users: readonly User[];
  teams: readonly Team[];
}): ReadonlyMap<string, readonly string[]> {
  const { instance, project, users, teams } = input;
  const grants = new Map<string, Set<string>>();
  const grant = (role: string, groups: readonly string[]) => {
    const set = grants.get(role) ?? new Set();
    for (const group of groups) set.add(group);
    if (set.size > 0) grants.set(role, set);
  };
  const { owner, access = [], extraAccessRules = [] } = instance.spec ?? {};
  grant(defaultClusterRole, ownerGroups(owner));
  grant(defaultClusterRole, ownerGroups(project?.spec?.owner));
  for (const { kind, name, clusterRole } of project?.spec?.members ?? []) {
    if (name && clusterRole === projectAdminRole)
      grant(defaultClusterRole, kind === 'Team' ? [teamGroup(name)] : groupsOf([name], []));
  }
  const isAdmin = ({ spec }: User | Team) =>
    spec?.clusterRoles?.some(({ name }) => name === platformAdminRole) === true;
  grant(
    defaultClusterRole,
    users.filter(isAdmin).map(({ metadata }) => userGroup(metadata.name)),
  );
  grant(
    defaultClusterRole,
    teams.filter(isAdmin).map(({ metadata }) => teamGroup(metadata.name)),
  );
  for (const entry of access) grant(defaultClusterRole, groupsOf(entry.users ?? [], entry.teams ?? []));
  for (const rule of extraAccessRules) {
    if (rule.clusterRole) grant(rule.clusterRole, groupsOf(rule.users ?? [], rule.teams ?? []));
  }
  return new Map([...grants].map(([role, groups]) => [role, [...groups].toSorted()]));
}

function ownerGroups(owner: { user?: string; team?: string } | undefined): string[] {
  return groupsOf(owner?.user ? [owner.user] : [], owner?.team ? [owner.team] : []);
}

function groupsOf(users: readonly string[], teams: readonly string[]): string[] {
  const everybody = 'system:authenticated';
  return [
    ...users.map((user) => (user === '*' ? everybody : userGroup(user))),
    ...teams.map((team) => (team === '*' ? everybody : teamGroup(team))),
  ];
}
