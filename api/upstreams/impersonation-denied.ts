import { identities } from '../../contracts/names.ts';

const own = new RegExp(`User \\\\?"${identities.gateway}\\\\?" cannot impersonate`);

/** The error when an API does not let the gateway impersonate the user. */
export const unknownIdentityMessage =
  'only users and groups that the platform knows can be impersonated: those of its Users (subject, groups) and Teams';

/** The same for a caller as themselves: what lists them there arrives within seconds. */
export const notYetListedMessage =
  'the platform has not noted there yet that you may come in; try again in a moment (if that lasts, its administrators find the cause in the status of the connected cluster, condition IdentitiesSynced)';

/**
 * Whether an answer refuses the gateway itself rather than the caller: it may not act as this user (yet). That is
 * no decision about the caller and must not look like one.
 * @param body as text; the message stands in JSON with its quotes escaped, in protobuf as it is
 */
export function isImpersonationDenied(status: number, body: string): boolean {
  return status === 403 && own.test(body);
}
