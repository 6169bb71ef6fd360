import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import { type Caller, callerOfUser } from '../identity/caller.ts';
import type { AuditSender } from './audit-entry.ts';

/** A caller as the trail names them. */
export function senderOf({ identity, credential }: Caller): AuditSender {
  return {
    user: identity.originalUser ?? identity.user,
    ...(identity.originalUser === undefined ? {} : { impersonatedUser: identity.user }),
    groups: identity.groups,
    credentialKind: credential.kind,
    credentialName: credential.name,
  };
}

/**
 * Who logs in, as the trail names them.
 * @throws PlatformError `forbidden` if they have a reserved identity, so that no credential of theirs would be good
 */
export function senderAtLogin(
  user: User,
  teams: readonly Team[],
  credentialKind: 'password' | 'oidc',
): AuditSender {
  const { identity } = callerOfUser(user, teams, { kind: 'session', name: '' });
  return { user: identity.user, groups: identity.groups, credentialKind };
}
