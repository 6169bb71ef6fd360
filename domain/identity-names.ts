import { everybodyGroup, teamGroup, userGroup } from '../contracts/names.ts';
import type { Team } from '../contracts/resources/team.ts';
import type { User } from '../contracts/resources/user.ts';

/** Names of the teams that name the user or one of its groups, sorted. */
export function teamsOf(user: User, teams: readonly Team[]): string[] {
  const groups = [...(user.spec?.groups ?? []), ...(user.spec?.ssoGroups ?? [])];
  const isMember = ({ spec }: Team) =>
    spec?.users?.includes(user.metadata.name) === true ||
    spec?.groups?.some((group) => groups.includes(group)) === true;
  return teams
    .filter(isMember)
    .map(({ metadata }) => metadata.name)
    .sort();
}

/** User name towards Kubernetes. */
export function subjectOfUser({ metadata, spec }: User): string {
  return spec?.subject || metadata.name;
}

/** Groups towards Kubernetes: the user's own, that of all authenticated users, and those of the platform. */
export function groupsOfUser(user: User, teams: readonly Team[]): string[] {
  const { groups = [], ssoGroups = [] } = user.spec ?? {};
  const given = [userGroup(user.metadata.name), ...teamsOf(user, teams).map(teamGroup)];
  const own = [...groups, ...ssoGroups].filter((group) => !isReserved(group));
  return [...new Set([...own, everybodyGroup, ...given])];
}

/** Every user name and group under which the gateway may speak for these users and teams; both sorted. */
export function impersonatedNames(
  users: readonly User[],
  teams: readonly Team[],
): { users: string[]; groups: string[] } {
  const enabled = users.filter(({ spec }) => spec?.disabled !== true);
  const subjects = enabled.map(subjectOfUser);
  const teamGroups = teams.map(({ metadata }) => teamGroup(metadata.name));
  const ownGroups = enabled.flatMap(({ spec }) => [...(spec?.groups ?? []), ...(spec?.ssoGroups ?? [])]);
  const userGroups = enabled.map(({ metadata }) => userGroup(metadata.name));
  return {
    // A key of a team acts as the team: its group is its user name too.
    users: sorted([...subjects.filter((name) => !isReserved(name)), ...teamGroups]),
    groups: sorted([...userGroups, ...teamGroups, ...ownGroups.filter((name) => !isReserved(name))]),
  };
}

function isReserved(name: string): boolean {
  return name === '' || /^(system|loft|vcluster-platform):/.test(name);
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
