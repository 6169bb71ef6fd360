import type { Access, InstanceAccessRule } from '../../../../contracts/resources/access.ts';
import type { ManagedInstance } from '../../../../contracts/resources/resource-kinds.ts';
import type { Rule, Subject } from './grants.ts';

type Spec = NonNullable<ManagedInstance['spec']>;

/** Whom a rule is to name. */
export interface Named {
  readonly users: string[];
  readonly teams: string[];
}

/** The rules with one more role for those who do not have it by one already. */
export function withRole(
  spec: Spec,
  { users, teams }: Named,
  clusterRole: string,
): Pick<Spec, 'extraAccessRules'> {
  const before = spec.extraAccessRules ?? [];
  const same = before.filter((rule) => rule.clusterRole === clusterRole);
  const missing = { users: missingIn(same, 'users', users), teams: missingIn(same, 'teams', teams) };
  const isKnown = missing.users.length + missing.teams.length === 0;
  return { extraAccessRules: isKnown ? before : [...before, { ...missing, clusterRole }] };
}

/** The same of rights to the resource. */
export function withRights(spec: Spec, { users, teams }: Named, verbs: string[]): Pick<Spec, 'access'> {
  return { access: [...(spec.access ?? []), { verbs, users, teams }] };
}

/** The rules without `who` in `rule`; those that name no one any more go. */
export function withoutGrant(
  spec: Spec,
  who: Subject,
  rule: Rule,
): Pick<Spec, 'access' | 'extraAccessRules'> {
  if (rule.field === 'extraAccessRules')
    return {
      extraAccessRules: (spec.extraAccessRules ?? []).flatMap((one) =>
        (one.clusterRole ?? '') === rule.clusterRole ? without(one, who) : [one],
      ),
    };
  return {
    access: (spec.access ?? []).flatMap((one) => (isSame(one.verbs, rule.verbs) ? without(one, who) : [one])),
  };
}

function missingIn(
  rules: readonly InstanceAccessRule[],
  field: keyof Named,
  names: readonly string[],
): string[] {
  return names.filter((name) => !rules.some((rule) => rule[field]?.includes(name)));
}

function without<T extends InstanceAccessRule | Access>(rule: T, { kind, name }: Subject): T[] {
  const left = (names: readonly string[] = [], of: Subject['kind']) =>
    of === kind ? names.filter((one) => one !== name) : [...names];
  const [users, teams] = [left(rule.users, 'user'), left(rule.teams, 'team')];
  return users.length + teams.length === 0 ? [] : [{ ...rule, users, teams }];
}

function isSame(verbs: readonly string[] = [], others: readonly string[]): boolean {
  return verbs.join(' ') === others.join(' ');
}
