import { everybodyGroup, identities } from '../../contracts/names.ts';
import type { AccessKeyScope } from '../../contracts/resources/access-key.ts';
import { nameFault } from '../../domain/accounts/name-fault.ts';
import { isInternalName } from '../../domain/accounts/reserved-names.ts';
import { rememberedByName } from '../http/remembered-by-name.ts';

/** Who a request to a Kubernetes API is made as. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
  /** Scope of the access key it comes from. The gateway itself holds it: Kubernetes knows nothing of it. */
  readonly scope?: AccessKeyScope;
  /** Who acts as this user (`kubectl --as`); travels along as an extra, for audits. */
  readonly originalUser?: string;
}

const internalUsers: ReadonlySet<string> = new Set([
  identities.gatewayReader,
  identities.gatewayAccounts,
  identities.gatewaySecrets,
  identities.gatewayWaker,
  identities.gatewayActivity,
  identities.gatewayDialer,
]);

/** The gateway's own identity for reads of the management API and for access reviews. */
export const readerIdentity: Identity = { user: identities.gatewayReader, groups: [] };

/** The gateway's own identity for keeping accounts. Its callers check authorization first. */
export const accountsIdentity: Identity = { user: identities.gatewayAccounts, groups: [] };

/** The gateway's own identity for keeping ProjectSecrets and SharedSecrets. Its callers check authorization first. */
export const secretsIdentity: Identity = { user: identities.gatewaySecrets, groups: [] };

/** The gateway's own identity for waking what a request is for. Its callers check authorization first. */
export const wakerIdentity: Identity = { user: identities.gatewayWaker, groups: [] };

/** The gateway's own identity for saying when an instance was used last. */
export const activityIdentity: Identity = { user: identities.gatewayActivity, groups: [] };

/**
 * Why `identity` must not leave the gateway, or undefined if it may. The gateway's own identities are
 * named exceptions and carry no groups.
 */
export function identityFault(identity: Identity): string | undefined {
  if (internalUsers.has(identity.user)) {
    return identity.groups.length === 0 ? undefined : 'an internal identity with groups';
  }
  if (identity.user === '') return 'no user';
  if (serviceAccountOf(identity.user) !== undefined) return serviceAccountFault(identity);
  const fault = userFault(identity.user);
  if (fault !== undefined) return fault;
  for (const group of identity.groups) {
    const ofGroup = groupFault(group);
    if (ofGroup !== undefined) return ofGroup;
  }
  return originalUserFault(identity);
}

const userFault = rememberedByName((user) => {
  if (isInternalName(user)) return 'a reserved user';
  const fault = nameFault(user);
  return fault === undefined ? undefined : `a user that ${fault}`;
});

const groupFault = rememberedByName((group) => {
  if (group === '') return 'an empty group';
  if (group !== everybodyGroup && isInternalName(group)) return 'a reserved group';
  const fault = nameFault(group);
  return fault === undefined ? undefined : `a group that ${fault}`;
});

/**
 * The service account that user name `user` is of, if it is one. Only inside tenant clusters, for who may impersonate it there
 * (api/proxy/tenant-impersonation.ts); nowhere else may the gateway's credentials act as one.
 */
export function serviceAccountOf(user: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = serviceAccount.exec(user) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

const serviceAccount =
  /^system:serviceaccount:([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?):([a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?)$/;

/** Its groups the API server adds itself; it is never but for someone else. */
function serviceAccountFault(identity: Identity): string | undefined {
  if (identity.groups.length > 0) return 'a service account with groups';
  if (identity.originalUser === undefined) return 'a service account of its own accord';
  return originalUserFault(identity);
}

function originalUserFault({ originalUser }: Identity): string | undefined {
  const originalFault = originalUser === undefined ? undefined : nameFault(originalUser);
  return originalFault === undefined ? undefined : `an original user that ${originalFault}`;
}
