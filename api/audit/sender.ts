import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import { type Caller, callerOfUser } from '../identity/caller.ts';
import type { AuditActor } from './audit-entry.ts';

/** A caller as the audit log names them. */
export function actorOf({ identity, credential }: Caller): AuditActor {
  return {
    user: identity.originalUser ?? identity.user,
    ...(identity.originalUser === undefined ? {} : { impersonatedUser: identity.user }),
    groups: identity.groups,
    credentialKind: credential.kind,
    credentialName: credential.name,
  };
}

/**
 * A user who logs in, as the audit log names them.
 * @throws PlatformError `forbidden` if they have a reserved identity, so that no credential of theirs would be good
 */
export function actorAtLogin(
  user: User,
  teams: readonly Team[],
  credentialKind: 'password' | 'oidc',
): AuditActor {
  const { identity } = callerOfUser(user, teams, { kind: 'session', name: '' });
  return { user: identity.user, groups: identity.groups, credentialKind };
}
