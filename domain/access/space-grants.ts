import { bindableSpaceRoles, spaceAdminRole } from '../../contracts/names.ts';
import type { InstanceAccess } from '../../contracts/resources/access.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import { tenantGrants } from './tenant-grants.ts';

/** Who gets which role in the namespace of a space, and what was asked for and cannot be given. */
export interface SpaceGrants {
  /** Groups that hold each ClusterRole of the connected cluster, in this namespace only. */
  readonly grants: ReadonlyMap<string, readonly string[]>;
  /** Roles of access rules that the platform may not bind there. */
  readonly refused: readonly string[];
}

/**
 * As in a tenant cluster (tenantGrants): access rules add up, beside the default role,
 * `loft-cluster-space-admin` unless its template has another, viewers of the project `view`. Administrators of the platform need nothing here: they
 * administer the connected cluster.
 */
export function spaceGrants(
  space: SpaceInstance,
  templateAccess: InstanceAccess | undefined,
  project: Project | undefined,
): SpaceGrants {
  const all = tenantGrants({
    instance: space,
    templateAccess: {
      ...templateAccess,
      defaultClusterRole: templateAccess?.defaultClusterRole || spaceAdminRole,
    },
    project,
    users: [],
    teams: [],
  });
  const isBindable = (role: string) => (bindableSpaceRoles as readonly string[]).includes(role);
  return {
    grants: new Map([...all].filter(([role]) => isBindable(role))),
    refused: [...all.keys()].filter((role) => !isBindable(role)).toSorted(),
  };
}
