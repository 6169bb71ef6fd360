import type { Access, UserOrTeam } from '../../../../contracts/resources/access.ts';
import type { Project } from '../../../../contracts/resources/project.ts';
import type { ManagedInstance } from '../../../../contracts/resources/resource-kinds.ts';
import { accessText as text } from '../../../text/instance-access.ts';

/** Somebody who is named in a rule. */
export interface Subject {
  readonly kind: 'user' | 'team';
  /** `*`: all of them. */
  readonly name: string;
}

/** The rule of an instance that gives somebody something. */
export type Rule =
  | { readonly field: 'extraAccessRules'; readonly clusterRole: string }
  | { readonly field: 'access'; readonly verbs: readonly string[] };

/** Somebody who may do something with an instance, and why. */
export interface Grant {
  readonly who: Subject;
  readonly may: string;
  readonly because: string;
  /** Absent: it is not of the instance itself. */
  readonly rule?: Rule;
}

/** Who may do what with an instance, by its resource and by its project, as far as that may be read. */
export function grantsOf({ spec }: ManagedInstance, project: Project | undefined): Grant[] {
  return [
    ...ownerGrants(spec?.owner, text.isOwner),
    ...(spec?.extraAccessRules ?? []).flatMap(({ clusterRole = '', users, teams }) =>
      subjectsOf(users, teams).map((who) => ({
        who,
        may: text.useAs(clusterRole),
        because: text.isShared,
        rule: { field: 'extraAccessRules', clusterRole } as const,
      })),
    ),
    ...(spec?.access ?? []).flatMap(({ verbs = [], users, teams }) =>
      subjectsOf(users, teams).map((who) => ({
        who,
        may: verbsText(verbs),
        because: text.hasRights,
        rule: { field: 'access', verbs } as const,
      })),
    ),
    ...ownerGrants(project?.spec?.owner, text.ownsProject),
    ...(project?.spec?.members ?? []).map(
      ({ kind = 'User', name = '', clusterRole = '' }): Grant => ({
        who: { kind: kind === 'Team' ? 'team' : 'user', name },
        may: text.byRole(clusterRole || text.member),
        because: text.isMember,
      }),
    ),
  ];
}

function ownerGrants(owner: UserOrTeam = {}, because: string): Grant[] {
  const who = ownerOf(owner);
  return who === undefined ? [] : [{ who, may: text.everything, because }];
}

export function ownerOf({ user, team }: UserOrTeam = {}): Subject | undefined {
  if (user) return { kind: 'user', name: user };
  return team ? { kind: 'team', name: team } : undefined;
}

function subjectsOf(users: readonly string[] = [], teams: readonly string[] = []): Subject[] {
  return [
    ...users.map((name): Subject => ({ kind: 'user', name })),
    ...teams.map((name): Subject => ({ kind: 'team', name })),
  ];
}

/** `see it, use it`. */
export function verbsText(verbs: NonNullable<Access['verbs']>): string {
  if (verbs.includes('*')) return text.everything;
  return verbs.map((verb) => (text.verbNames as Readonly<Record<string, string>>)[verb] ?? verb).join(', ');
}

export function subjectText({ kind, name }: Subject): string {
  if (name === '*') return kind === 'user' ? text.everyUser : text.everyTeam;
  return text[kind](name);
}
