import { identities } from '../../contracts/names.ts';

/** Who a request to a Kubernetes API is made as. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

/** The group that every caller of the gateway carries; the only `system:` name that leaves it. */
export const authenticatedGroup = 'system:authenticated';

const internalUsers: ReadonlySet<string> = new Set([identities.gatewayReader, identities.gatewayDialer]);

/** The gateway's own identity for reads of the management API and for access reviews. */
export const readerIdentity: Identity = { user: identities.gatewayReader, groups: [] };

/** Whether `name` belongs to Kubernetes or to the platform itself and must never come from outside. */
export function isReservedName(name: string): boolean {
  const lower = name.normalize('NFKC').trim().toLowerCase();
  return lower.startsWith('system:') || lower.startsWith('vcluster-platform:');
}

/** Whether a user may not have `group` among the groups of its own: reserved, or one that the platform gives. */
export function isReservedGroup(group: string): boolean {
  return (
    isReservedName(group) ||
    /^loft:(user|team|vcluster|space):/.test(group.normalize('NFKC').trim().toLowerCase())
  );
}

/**
 * Why `identity` must not leave the gateway, or undefined if it may. The gateway's two own identities are
 * named exceptions and carry no groups.
 */
export function identityFault(identity: Identity): string | undefined {
  if (internalUsers.has(identity.user)) {
    return identity.groups.length === 0 ? undefined : 'an internal identity with groups';
  }
  if (identity.user === '') return 'no user';
  if (isReservedName(identity.user)) return 'a reserved user';
  if (!isHeaderText(identity.user)) return 'a user with characters that no header can carry';
  for (const group of identity.groups) {
    if (group === '') return 'an empty group';
    if (group !== authenticatedGroup && isReservedName(group)) return 'a reserved group';
    if (!isHeaderText(group)) return 'a group with characters that no header can carry';
  }
  return undefined;
}

/** Names travel as header values: visible ASCII, no leading or trailing blank (it would be trimmed into another name). */
function isHeaderText(value: string): boolean {
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value);
}
