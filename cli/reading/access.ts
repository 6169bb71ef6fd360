import type { Project } from '../../contracts/resources/project.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';

/** Somebody who may do something with an instance, and what says so. */
export interface Grant {
  readonly who: string;
  readonly may: string;
  readonly by: string;
}

interface Owner {
  readonly user?: string;
  readonly team?: string;
}

/** Who may do what with an instance, by its resource and by its project, if that may be read. */
export function grantsOf({ spec }: ManagedInstance, project: Project | undefined): Grant[] {
  const { members = [] } = project?.spec ?? {};
  return [
    ...ownerGrants(spec?.owner, 'its owner'),
    ...(spec?.access ?? []).flatMap(({ verbs = [], users, teams }) =>
      subjects(users, teams).map((who) => ({ who, may: verbs.join(', '), by: 'spec.access' })),
    ),
    ...(spec?.extraAccessRules ?? []).flatMap(({ clusterRole = '', users, teams }) =>
      subjects(users, teams).map((who) => ({
        who,
        may: `use it as ${clusterRole}`,
        by: 'spec.extraAccessRules',
      })),
    ),
    ...ownerGrants(project?.spec?.owner, 'the owner of the project'),
    ...members.map(({ kind = 'User', name = '', clusterRole = '' }) => ({
      who: `${kind.toLowerCase()} ${name}`,
      may: `what ${clusterRole || 'members'} may`,
      by: 'a member of the project',
    })),
  ];
}

function ownerGrants(owner: Owner | undefined, by: string): Grant[] {
  return subjects(owner?.user ? [owner.user] : [], owner?.team ? [owner.team] : []).map((who) => ({
    who,
    may: 'everything',
    by,
  }));
}

function subjects(users: readonly string[] = [], teams: readonly string[] = []): string[] {
  return [...users.map((user) => `user ${user}`), ...teams.map((team) => `team ${team}`)];
}
