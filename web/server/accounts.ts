import { queryOptions } from '@tanstack/react-query';
import { objectPath } from './management.ts';
import { send } from './send.ts';

export type AccountPlural = 'users' | 'teams';

interface Named {
  readonly name: string;
  readonly displayName?: string;
}
interface AssignedVia extends Named {
  readonly kind: 'User' | 'Team';
  readonly owner?: true;
}

/** What a user or team may, and by which grant. */
export interface Permissions {
  readonly teamMemberships: readonly Named[];
  readonly projectMemberships: readonly (Named & {
    readonly role: Named & { readonly isAdmin: boolean };
    readonly assignedVia: AssignedVia;
  })[];
  readonly managementRoles: readonly (Named & { readonly assignedVia: AssignedVia })[];
}

export function permissionsQuery(plural: AccountPlural, name: string) {
  return queryOptions({
    queryKey: ['permissions', plural, name] as const,
    queryFn: () => send<Permissions>({ path: `${objectPath(plural, { name })}/permissions` }),
  });
}

/**
 * Gives a user a new password: one's own with the present one, or another's. Their sessions and access keys end.
 * @param currentPassword of one's own
 */
export function setPassword(name: string, password: string, currentPassword?: string): Promise<unknown> {
  return send({
    method: 'POST',
    path: `${objectPath('users', { name })}/profile`,
    body: { spec: { password, ...(currentPassword === undefined ? {} : { currentPassword }) } },
  });
}
