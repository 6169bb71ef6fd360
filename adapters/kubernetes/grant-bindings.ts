import { shardsOf } from '../../domain/access/shards.ts';
import { shardName } from './impersonation-roles.ts';
import type { RbacObject } from './rbac-objects.ts';

/** Of a subject besides its name: its kind and its group of the API. */
const overhead = 70;

/**
 * Bindings of ClusterRoles to the groups that hold each, `vcluster-platform:access:<role>`; where many hold one, in parts:
 * `vcluster-platform:access-<digits>:<role>`.
 */
export function grantBindings(
  kind: 'RoleBinding' | 'ClusterRoleBinding',
  grants: ReadonlyMap<string, readonly string[]>,
  namespace?: string,
): RbacObject[] {
  return [...grants].flatMap(([role, groups]) =>
    shardsOf(
      groups.map((name) => ({ kind: 'Group', name }) as const),
      { depth: 4, overhead },
    ).map(({ suffix, entries }) => ({
      kind,
      name: `${shardName('vcluster-platform:access', suffix)}:${role}`,
      ...(namespace === undefined ? {} : { namespace }),
      role: { kind: 'ClusterRole' as const, name: role },
      subjects: entries,
    })),
  );
}
