import { identities } from '../../contracts/names.ts';
import type { PolicyRule } from '../../domain/access/rbac.ts';
import { shardsOf } from '../../domain/access/shards.ts';
import type { RbacObject, Subject } from './rbac-objects.ts';

/** Whom the gateway may act as, by name. */
export interface ImpersonatedNames {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** Quotation marks and a comma. */
const overhead = 3;
/** 16⁴ roles of 64 KiB: more names than a platform can have. */
const anyDepth = 4;

/** Rules of the roles by which the gateway acts as exactly these users and groups, by what their names end with: see `shardsOf`. */
export function impersonationShards(
  { users, groups }: ImpersonatedNames,
  depth: number = anyDepth,
): Map<string, PolicyRule[]> {
  const entries = [
    ...users.map((name) => ({ kind: 'users', name }) as const),
    ...groups.map((name) => ({ kind: 'groups', name }) as const),
  ];
  const shards = shardsOf(entries, { depth, overhead });
  return new Map(shards.map(({ suffix, entries: part }) => [suffix, rulesOf(part)]));
}

/** Name of the role with `suffix`: what a single one would be called, or its part. */
export function shardName(name: string, suffix: string): string {
  return suffix === '' ? name : `${name}-${suffix}`;
}

/** The role of that name, and its binding to the gateway. @param account of the gateway, where it has one */
export function impersonationShard(
  name: string,
  rules: readonly PolicyRule[],
  account?: Extract<Subject, { kind: 'ServiceAccount' }>,
): [role: RbacObject, binding: RbacObject] {
  return [
    { kind: 'ClusterRole', name, rules },
    {
      kind: 'ClusterRoleBinding',
      name,
      role: { kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', name: identities.gateway }, ...(account === undefined ? [] : [account])],
    },
  ];
}

function rulesOf(entries: readonly { kind: 'users' | 'groups'; name: string }[]): PolicyRule[] {
  return (['users', 'groups'] as const)
    .map((resource) => ({
      apiGroups: [''],
      resources: [resource],
      verbs: ['impersonate'],
      resourceNames: entries.filter(({ kind }) => kind === resource).map(({ name }) => name),
    }))
    .filter(({ resourceNames }) => resourceNames.length > 0); // without names the rule would allow all of them
}
