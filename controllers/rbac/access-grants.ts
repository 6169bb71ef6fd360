import type { RbacObject, Subject } from '../../adapters/kubernetes/rbac-objects.ts';
import { kindNames, kindOfPlural } from '../../contracts/kinds.ts';
import { managementGroup } from '../../contracts/names.ts';
import type { Access, UserOrTeam } from '../../contracts/resources/access.ts';
import type { ResourcePlural } from '../../contracts/resources/resource-kinds.ts';
import { namedGroups } from '../../domain/accounts/identity-names.ts';
import type { PolicyRule } from '../../domain/access/rbac.ts';

/** What an owner or an `access` entry means for one object, besides what RBAC itself bounds by name. */
const allVerbs = ['get', 'list', 'watch', 'update', 'patch', 'delete', 'create', 'use'];

/** One object, and who gets what on it. */
export interface GrantedObject {
  readonly plural: ResourcePlural;
  readonly name: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
  /** Subresources that people use; `*` stands for these, never for `status` or `finalizers`. */
  readonly subresources: readonly string[];
  readonly owner?: UserOrTeam | undefined;
  readonly access?: readonly Access[] | undefined;
}

/** Owner and `spec.access` of one object as RBAC on that object and no other. */
export function accessGrants(object: GrantedObject): RbacObject[] {
  const { owner, access = [] } = object;
  const entries = [
    {
      suffix: 'owner',
      verbs: ['*'],
      subresources: ['*'],
      users: owner?.user ? [owner.user] : [],
      teams: owner?.team ? [owner.team] : [],
    },
    ...access.map((entry, index) => ({ suffix: `access-${index}`, ...entry })),
  ];
  return entries.flatMap(({ suffix, verbs = [], subresources = [], users = [], teams = [] }) => {
    const rule = ruleOf(object, verbs, subresources);
    return rule.verbs.length === 0
      ? []
      : grantOn(object, suffix, rule, groupSubjects(namedGroups(users, teams)));
  });
}

/** A role with `rule` on the object, bound to `subjects`; nothing if there are none. */
export function grantOn(
  { plural, name, namespace }: GrantedObject,
  suffix: string,
  rule: PolicyRule,
  subjects: readonly Subject[],
): RbacObject[] {
  if (subjects.length === 0) return [];
  const roleName =
    namespace === undefined
      ? `vcluster-platform:${plural}:${name}:${suffix}`
      : `vcluster-platform:${roleStem(plural)}:${name}:${suffix}`;
  const place = { name: roleName, ...(namespace === undefined ? {} : { namespace }) };
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  return [
    { kind, ...place, rules: [rule] },
    { kind: `${kind}Binding`, ...place, role: { kind, name: roleName }, subjects },
  ];
}

function roleStem(plural: string): string {
  const kind = kindOfPlural(plural);
  return kind === undefined ? plural : kindNames[kind].role;
}

/** A rule for these verbs on the object and those of its subresources that are asked for. */
export function ruleOf(
  { plural, name, subresources }: GrantedObject,
  verbs: readonly string[],
  below: readonly string[],
): PolicyRule {
  const wanted =
    below.includes('*') || below.length === 0
      ? subresources
      : below.filter((entry) => subresources.includes(entry));
  return {
    apiGroups: [managementGroup],
    resources: [plural, ...wanted.map((entry) => `${plural}/${entry}`)],
    resourceNames: [name],
    verbs: verbs.includes('*') ? allVerbs : verbs.filter((verb) => allVerbs.includes(verb)),
  };
}

export function groupSubjects(groups: readonly string[]): Subject[] {
  return [...new Set(groups)].map((group) => ({ kind: 'Group', name: group }));
}
