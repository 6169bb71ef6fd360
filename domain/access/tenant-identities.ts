import { everybodyGroup, teamGroup, userGroup } from '../../contracts/names.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import { impersonatedNames, teamsOf } from '../accounts/identity-names.ts';
import {
  accessRules,
  memberGroups,
  ownerGroups,
  sharedGroups,
  type TenantAccessInput,
} from './tenant-grants.ts';

/**
 * Whom the gateway may act as inside a tenant cluster, by name: the users and teams that its access can let in, and
 * no other users of the platform, whose names its administrators need not learn. These are the owner, the members of
 * the project, who is named in access and access rules, and who holds a role of the whole platform. (A right to
 * `use` the instance that is written as RBAC by hand passes the gateway but not the tenant's RBAC.)
 */
export function tenantIdentities(input: TenantAccessInput): { users: string[]; groups: string[] } {
  const { instance, templateAccess, project, users, teams } = input;
  const holdsRole = ({ spec }: User | Team) => (spec?.clusterRoles?.length ?? 0) > 0;
  const wanted = new Set([
    ...ownerGroups(instance.spec?.owner),
    ...ownerGroups(project?.spec?.owner),
    ...memberGroups(project),
    ...sharedGroups(instance),
    ...accessRules(instance, templateAccess).flatMap(({ groups }) => groups),
    ...users.filter(holdsRole).map(({ metadata }) => userGroup(metadata.name)),
    ...teams.filter(holdsRole).map(({ metadata }) => teamGroup(metadata.name)),
  ]);
  if (wanted.has(everybodyGroup)) return impersonatedNames(users, teams);
  const letIn = users
    .map((user) => ({ user, memberOf: teamsOf(user, teams) }))
    .filter(
      ({ user, memberOf }) =>
        wanted.has(userGroup(user.metadata.name)) || memberOf.some((team) => wanted.has(teamGroup(team))),
    );
  const named = impersonatedNames(
    letIn.map(({ user }) => user),
    teams.filter(({ metadata }) => wanted.has(teamGroup(metadata.name))),
  );
  // A user carries the groups of all their teams, also of those that have nothing to do with this tenant cluster.
  const carried = letIn
    .filter(({ user }) => user.spec?.disabled !== true)
    .flatMap(({ memberOf }) => memberOf.map(teamGroup));
  return { users: named.users, groups: [...new Set([...named.groups, ...carried])].toSorted() };
}
