import type { Project, ProjectMember } from '../../../contracts/resources/project.ts';
import type { Team } from '../../../contracts/resources/team.ts';
import type { User } from '../../../contracts/resources/user.ts';
import type { Gateway } from '../../gateway.ts';
import type { Caller } from '../../identity/caller.ts';

/** A user or team as others in a project see it. */
interface Member {
  readonly info: {
    readonly name: string;
    readonly displayName?: string;
    readonly username?: string;
    readonly email?: string;
    readonly icon?: string;
  };
}

/**
 * Owner and members of a project that exist. A member `*`, which is everybody, is written out for callers who may list all
 * users: to others it would show every user of the platform.
 * @throws PlatformError `management_unavailable`
 */
export async function projectMembers(
  { cache, review }: Pick<Gateway, 'cache' | 'review'>,
  { identity }: Caller,
  { spec = {} }: Project,
): Promise<{ users: Member[]; teams: Member[] }> {
  const { owner, members = [] } = spec;
  const named: ProjectMember[] = [
    ...members,
    ...(owner?.user ? [{ kind: 'User', name: owner.user }] : []),
    ...(owner?.team ? [{ kind: 'Team', name: owner.team }] : []),
  ];
  const namesOf = (isTeam: boolean) =>
    new Set(named.flatMap(({ kind, name }) => ((kind === 'Team') === isTeam && name ? [name] : [])));
  const [users, teams] = [namesOf(false), namesOf(true)];
  const isEverybody = users.has('*') && (await review.allows(identity, { verb: 'list', resource: 'users' }));
  return {
    users: (isEverybody ? cache.users() : [...users].flatMap((name) => cache.user(name) ?? []))
      .filter(isThere)
      .map(memberOf)
      .toSorted(byName),
    teams: [...teams]
      .flatMap((name) => cache.team(name) ?? [])
      .filter(isThere)
      .map(memberOf)
      .toSorted(byName),
  };
}

function isThere({ metadata }: User | Team): boolean {
  return metadata.deletionTimestamp === undefined;
}

function memberOf({ metadata: { name }, spec }: User | Team): Member {
  const { displayName, username, email, icon } = (spec ?? {}) as NonNullable<User['spec']>;
  return {
    info: {
      name,
      ...(displayName ? { displayName } : {}),
      username: username || name,
      ...(email ? { email } : {}),
      ...(icon ? { icon } : {}),
    },
  };
}

function byName(a: Member, b: Member): number {
  return a.info.name.localeCompare(b.info.name);
}
