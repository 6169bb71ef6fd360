import type { Caller } from '../auth/caller.ts';
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
