import { managedPlurals, templatePlurals } from '../../contracts/kinds.ts';
import type { Access, InstanceAccessRule, UserOrTeam } from '../../contracts/resources/access.ts';
import type { ProjectMember } from '../../contracts/resources/project.ts';
import type { ResourceOf, ResourcePlural } from '../../contracts/resources/resource-kinds.ts';

/** A user or team by its name. */
export interface Account {
  readonly kind: 'user' | 'team';
  readonly name: string;
}

/** Kinds whose objects name users and teams, besides access keys. */
export const namingPlurals = [
  'projects',
  'clusters',
  ...templatePlurals,
  ...managedPlurals,
  'users',
  'teams',
] as const satisfies readonly ResourcePlural[];

/** All fields by which any of these kinds names an account. */
interface Naming {
  readonly owner?: UserOrTeam;
  readonly access?: readonly Access[];
  readonly members?: readonly ProjectMember[];
  /** Of teams: names of users. */
  readonly users?: readonly string[];
  readonly extraAccessRules?: readonly InstanceAccessRule[];
  readonly template?: NamingTemplate;
  readonly versions?: readonly { readonly template?: NamingTemplate }[];
}
interface NamingTemplate {
  readonly access?: { readonly rules?: readonly InstanceAccessRule[] };
}

/**
 * The merge patch of the spec that takes `account` out of everything that gives it something: owner, members, access,
 * access rules. Undefined if nothing does. An entry that names only this account goes with it.
 */
export function withoutAccount(
  resource: ResourceOf[(typeof namingPlurals)[number]],
  account: Account,
): Record<string, unknown> | undefined {
  const spec = (resource.spec ?? {}) as Naming;
  const patch: Record<string, unknown> = {};
  if (spec.owner?.[account.kind] === account.name) patch['owner'] = null;
  for (const field of ['access', 'extraAccessRules'] as const) {
    const left = withoutGrantee(spec[field], account);
    if (left !== spec[field]) patch[field] = left;
  }
  const members = without(spec.members, (member) => isMember(member, account));
  if (members !== spec.members) patch['members'] = members;
  const users = without(spec.users, (name) => account.kind === 'user' && name === account.name);
  if (users !== spec.users) patch['users'] = users;
  const template = withoutInTemplate(spec.template, account);
  if (template !== spec.template) patch['template'] = { access: template?.access };
  const versions = withoutInVersions(spec.versions, account);
  if (versions !== spec.versions) patch['versions'] = versions;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** The same list if nothing of it goes. */
function without<T>(list: readonly T[] | undefined, goes: (entry: T) => boolean): readonly T[] | undefined {
  return list?.some(goes) === true ? list.filter((entry) => !goes(entry)) : list;
}

function isMember({ kind, name }: ProjectMember, account: Account): boolean {
  return name === account.name && (kind === 'Team') === (account.kind === 'team');
}

function withoutInTemplate<T extends NamingTemplate>(
  template: T | undefined,
  account: Account,
): T | undefined {
  const rules = withoutGrantee(template?.access?.rules, account);
  if (template === undefined || rules === template.access?.rules) return template;
  return { ...template, access: { ...template.access, rules } };
}

/** The same list if no version changes. */
function withoutInVersions(versions: Naming['versions'], account: Account): Naming['versions'] {
  const left = versions?.map((version) => {
    const template = withoutInTemplate(version.template, account);
    return template === undefined || template === version.template ? version : { ...version, template };
  });
  return left?.some((version, index) => version !== versions?.[index]) === true ? left : versions;
}

/** The same list if it did not contain the account. */
function withoutGrantee<T extends { readonly users?: string[]; readonly teams?: string[] }>(
  entries: readonly T[] | undefined,
  account: Account,
): readonly T[] | undefined {
  const field = account.kind === 'user' ? 'users' : 'teams';
  if (entries?.some((entry) => entry[field]?.includes(account.name)) !== true) return entries;
  return entries.flatMap((entry) => {
    if (entry[field]?.includes(account.name) !== true) return [entry];
    const left = { ...entry, [field]: entry[field].filter((name) => name !== account.name) };
    return (left.users ?? []).length + (left.teams ?? []).length === 0 ? [] : [left];
  });
}
