import { everybodyGroup, teamGroup, userGroup } from '../../contracts/names.ts';
import type { ProjectMember } from '../../contracts/resources/project.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import { nameFault } from './name-fault.ts';
import { isReservedName } from './reserved-names.ts';

/** Who somebody is towards Kubernetes. */
export interface KubernetesName {
  readonly user: string;
  readonly groups: readonly string[];
}

/** Names of the teams that name the user or one of its groups, sorted. */
export function teamsOf(user: User, teams: readonly Team[]): string[] {
  const groups = ownGroups(user);
  const isMember = ({ spec }: Team) =>
    spec?.users?.includes(user.metadata.name) === true ||
    spec?.groups?.some((group) => groups.includes(group)) === true;
  return teams
    .filter(isMember)
    .map(({ metadata }) => metadata.name)
    .sort();
}

/** What of the user's own subject and groups is reserved, or undefined. No one acts as a user who has such a name. */
export function reservedNameOf(user: User): { kind: 'subject' | 'group'; name: string } | undefined {
  const subject = subjectOf(user);
  if (isReservedName(subject)) return { kind: 'subject', name: subject };
  const group = ownGroups(user).find(isReservedName);
  return group === undefined ? undefined : { kind: 'group', name: group };
}

/** Which of the user's subject and groups no one can act under, and why; undefined if all can be. */
export function unusableNameOf(
  user: User,
): { kind: 'subject' | 'group'; name: string; why: string } | undefined {
  const names = [subjectOf(user), ...ownGroups(user).filter((group) => group !== '')];
  for (const [index, name] of names.entries()) {
    const why = nameFault(name);
    if (why !== undefined) return { kind: index === 0 ? 'subject' : 'group', name, why };
  }
  return undefined;
}

/**
 * The user towards Kubernetes; its groups are its own, that of all authenticated users, and those of the platform.
 * @param memberOf the user's teams (`teamsOf`)
 */
export function nameOfUser(user: User, memberOf: readonly string[]): KubernetesName {
  const given = [everybodyGroup, userGroup(user.metadata.name), ...memberOf.map(teamGroup)];
  return { user: subjectOf(user), groups: [...new Set([...ownGroups(user).filter(isGiveable), ...given])] };
}

/** A team towards Kubernetes: a key of a team acts as the team, whose group is its user name too. */
export function nameOfTeam({ metadata }: Team): KubernetesName {
  const group = teamGroup(metadata.name);
  return { user: group, groups: [everybodyGroup, group] };
}

/** Groups of the users and teams that an owner, an access entry or an access rule names; `*` is everybody. */
export function namedGroups(users: readonly string[], teams: readonly string[]): string[] {
  return [
    ...users.filter((user) => user !== '').map((user) => (user === '*' ? everybodyGroup : userGroup(user))),
    ...teams.filter((team) => team !== '').map((team) => (team === '*' ? everybodyGroup : teamGroup(team))),
  ];
}

/** Group of a member of a project, undefined without a name. Only a user called `*` is everybody, not a team. */
export function memberGroup({ kind, name }: ProjectMember): string | undefined {
  if (!name) return undefined;
  if (kind === 'Team') return teamGroup(name);
  return name === '*' ? everybodyGroup : userGroup(name);
}

/** Every user name and group under which the gateway may speak for these users and teams; both sorted. */
export function impersonatedNames(
  users: readonly User[],
  teams: readonly Team[],
): { users: string[]; groups: string[] } {
  const enabled = users.filter(({ spec }) => spec?.disabled !== true);
  const teamGroups = teams.map(({ metadata }) => teamGroup(metadata.name));
  const userGroups = enabled.map(({ metadata }) => userGroup(metadata.name));
  return {
    users: sorted([...enabled.map(subjectOf).filter(isGiveable), ...teamGroups]),
    groups: sorted([...userGroups, ...teamGroups, ...enabled.flatMap(ownGroups).filter(isGiveable)]),
  };
}

function subjectOf({ metadata, spec }: User): string {
  return spec?.subject || metadata.name;
}

function ownGroups({ spec }: User): string[] {
  return [...(spec?.groups ?? []), ...(spec?.ssoGroups ?? [])];
}

function isGiveable(name: string): boolean {
  return name !== '' && !isReservedName(name);
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
