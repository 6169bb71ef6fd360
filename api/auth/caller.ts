import { PlatformError } from '../../contracts/errors.ts';
import { teamGroup, userGroup } from '../../contracts/names.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import { authenticatedGroup, type Identity, isReservedGroup, isReservedName } from './identity.ts';

/** Who sent a request: a user, or a team by one of its own keys. */
export interface Caller {
  readonly kind: 'user' | 'team';
  /** Name of the User or Team. */
  readonly name: string;
  readonly displayName: string;
  readonly email: string;
  /** Names of the teams the user belongs to; for a team its own. */
  readonly teams: readonly string[];
  /** Name of the AccessKey that was presented. */
  readonly accessKey: string;
  /** What the caller is towards Kubernetes. */
  readonly identity: Identity;
}

/**
 * The caller behind a key of `user`, who belongs to those of `teams` that name the user or one of its groups.
 * @throws PlatformError `forbidden` if subject or a group is reserved
 */
export function callerOfUser(user: User, teams: readonly Team[], accessKey: string): Caller {
  const name = user.metadata.name;
  const groups = [...(user.spec?.groups ?? []), ...(user.spec?.ssoGroups ?? [])];
  const memberOf = teams
    .filter(
      (team) =>
        team.spec?.users?.includes(name) || team.spec?.groups?.some((group) => groups.includes(group)),
    )
    .map((team) => team.metadata.name)
    .sort();
  return {
    kind: 'user',
    name,
    displayName: user.spec?.displayName ?? '',
    email: user.spec?.email ?? '',
    teams: memberOf,
    accessKey,
    identity: identityOf(`user ${name}`, user.spec?.subject || name, groups, [
      userGroup(name),
      ...memberOf.map(teamGroup),
    ]),
  };
}

/**
 * The caller behind a key of `team`: it acts as the team, not as a user.
 * @throws PlatformError `forbidden` if a group is reserved
 */
export function callerOfTeam(team: Team, accessKey: string): Caller {
  const name = team.metadata.name;
  return {
    kind: 'team',
    name,
    displayName: team.spec?.displayName ?? '',
    email: '',
    teams: [name],
    accessKey,
    identity: identityOf(`team ${name}`, teamGroup(name), [], [teamGroup(name)]),
  };
}

function identityOf(
  who: string,
  subject: string,
  own: readonly string[],
  given: readonly string[],
): Identity {
  const isTeam = given[0] === subject;
  if (isReservedName(subject) || (!isTeam && isReservedGroup(subject))) {
    throw new PlatformError(
      'forbidden',
      `${who} has the reserved subject "${subject}"; an administrator must change it`,
    );
  }
  const reserved = own.find(isReservedGroup);
  if (reserved !== undefined) {
    throw new PlatformError(
      'forbidden',
      `${who} has the reserved group "${reserved}"; an administrator must remove it`,
    );
  }
  const groups = new Set([...own.filter((group) => group !== ''), authenticatedGroup, ...given]);
  return { user: subject, groups: [...groups] };
}
