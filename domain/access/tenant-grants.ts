import { projectRoles } from '../../contracts/names.ts';
import type {
  Access,
  InstanceAccess,
  InstanceAccessRule,
  UserOrTeam,
} from '../../contracts/resources/access.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import { memberGroup, namedGroups } from '../accounts/identity-names.ts';
import { administratorGroups } from '../accounts/platform-administrators.ts';

/** The role of users of a tenant cluster, unless a rule says otherwise. */
const defaultClusterRole = 'cluster-admin';

/** The part of a resource that says who may use it. */
export interface SharedResource {
  readonly spec?: {
    readonly owner?: UserOrTeam;
    readonly access?: readonly Access[];
    readonly extraAccessRules?: readonly InstanceAccessRule[];
  };
}

/** What decides who gets which rights in a tenant cluster. */
export interface TenantAccessInput {
  readonly instance: SharedResource;
  /** `access` of the template it was made of. */
  readonly templateAccess: InstanceAccess | undefined;
  readonly project: Project | undefined;
  readonly users: readonly User[];
  readonly teams: readonly Team[];
}

/**
 * Which groups get which ClusterRole inside a tenant cluster. The default role, `cluster-admin` unless the template has
 * another, is for the owner, the project's owner and administrators, the platform's administrators and users who may
 * `use` it by `spec.access`; viewers of the project get `view` instead. The access rules of template and instance
 * name further roles, and all that match add up: to be named takes nothing away, so who shall have less than the default is
 * named in a rule and not in `spec.access`. (In vCluster Platform a rule takes the default's place, and `share` locks an owner out.)
 * (The gateway lets nobody in who may not `use` the instance; this says what they may do there.)
 */
export function tenantGrants(input: TenantAccessInput): ReadonlyMap<string, readonly string[]> {
  const { instance, templateAccess, project, users, teams } = input;
  const grants = new Map<string, Set<string>>();
  const grant = (role: string, groups: readonly string[]) => {
    const set = grants.get(role) ?? new Set();
    for (const group of groups) set.add(group);
    if (set.size > 0) grants.set(role, set);
  };
  for (const { clusterRole, groups } of accessRules(instance, templateAccess)) grant(clusterRole, groups);
  const viewers = new Set(memberGroups(project, projectRoles.viewer));
  const defaultRole = templateAccess?.defaultClusterRole || defaultClusterRole;
  const byDefault = [
    ...ownerGroups(instance.spec?.owner),
    ...ownerGroups(project?.spec?.owner),
    ...memberGroups(project, projectRoles.admin),
    ...administratorGroups(users, teams),
  ];
  grant(defaultRole, byDefault);
  const shared = sharedGroups(instance).filter((group) => !byDefault.includes(group));
  grant(
    defaultRole,
    shared.filter((group) => !viewers.has(group)),
  );
  grant(
    'view',
    shared.filter((group) => viewers.has(group)),
  );
  return new Map([...grants].map(([role, groups]) => [role, [...groups].toSorted()]));
}

/** The access rules of an instance and its template that Kubernetes can hold, with the groups each names. */
export function accessRules(
  instance: SharedResource,
  templateAccess: InstanceAccess | undefined,
): { clusterRole: string; groups: string[] }[] {
  const rules = [...(templateAccess?.rules ?? []), ...(instance.spec?.extraAccessRules ?? [])];
  return rules.flatMap(({ clusterRole, users = [], teams = [] }) => {
    const groups = namedGroups(users, teams);
    // No path may hold it: RBAC names are path segments.
    const isName = clusterRole !== undefined && /^[^/%]+$/.test(clusterRole) && !/^\.\.?$/.test(clusterRole);
    return isName && groups.length > 0 ? [{ clusterRole, groups }] : [];
  });
}

/** Groups that `spec.access` lets use the instance. */
export function sharedGroups(instance: SharedResource): string[] {
  const entries = (instance.spec?.access ?? []).filter(
    ({ verbs = [] }) => verbs.includes('use') || verbs.includes('*'),
  );
  return entries.flatMap(({ users = [], teams = [] }) => namedGroups(users, teams));
}

/** Groups of the project's members, all or those with `role`. */
export function memberGroups(project: Project | undefined, role?: string): string[] {
  const members = (project?.spec?.members ?? []).filter(
    ({ clusterRole }) => role === undefined || clusterRole === role,
  );
  return members.flatMap((member) => memberGroup(member) ?? []);
}

export function ownerGroups(owner: { user?: string; team?: string } | undefined): string[] {
  return namedGroups([owner?.user ?? ''], [owner?.team ?? '']);
}
