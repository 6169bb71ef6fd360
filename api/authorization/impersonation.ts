import { PlatformError } from '../../contracts/errors.ts';
import { everybodyGroup } from '../../contracts/names.ts';
import { nameFault, shownName } from '../../domain/name-fault.ts';
import { isInternalName } from '../../domain/reserved-names.ts';
import type { AccessReview } from './access-review.ts';
import type { Action } from './action.ts';
import type { Caller } from '../identity/caller.ts';
import { fromHeaderText } from '../http/header-text.ts';

/** Whom a client asks to act as (`kubectl --as`, `--as-group`). */
interface Wanted {
  readonly user: string;
  readonly groups: readonly string[];
}

/**
 * The effective caller of a request: itself, or the one its `Impersonate-*` headers name, if the management API's
 * RBAC lets it impersonate that user and every one of those groups. From there on all access is the impersonated
 * identity's, with groups exactly as given and `system:authenticated`; the original user travels along for the audit.
 * @throws PlatformError `invalid_request` for malformed headers; `forbidden` for reserved identities (before anybody is
 *   asked), for uid and extra, and for what RBAC does not allow; `management_unavailable`
 */
export async function impersonatedCaller(
  review: AccessReview,
  caller: Caller,
  rawHeaders: readonly string[],
): Promise<Caller> {
  const wanted = wantedIdentity(rawHeaders);
  if (wanted === undefined) return caller;
  const { user, groups } = wanted;
  for (const [kind, name] of namesOf(wanted)) {
    if (isInternalName(name))
      throw new PlatformError('forbidden', `${kind} "${name}" is reserved and cannot be impersonated`);
  }
  for (const [kind, name] of namesOf(wanted)) {
    const action: Action = { verb: 'impersonate', group: '', resource: `${kind}s`, name };
    if (!(await review.allows(caller.identity, action)))
      throw new PlatformError('forbidden', `you may not impersonate ${kind} "${name}"`);
  }
  return {
    ...caller,
    identity: {
      ...caller.identity, // its scope narrows whomever it acts as
      user,
      groups: [...new Set([...groups, everybodyGroup])],
      originalUser: caller.identity.user,
    },
  };
}

/** @throws PlatformError `invalid_request` if a request asks for impersonation where there is none */
export function refuseImpersonation(rawHeaders: readonly string[]): void {
  if (wantedIdentity(rawHeaders) !== undefined)
    invalid('impersonation is not supported at this path, only where Kubernetes APIs are proxied');
}

function namesOf({ user, groups }: Wanted): ['user' | 'group', string][] {
  return [['user', user], ...groups.map((group): ['group', string] => ['group', group])];
}

function wantedIdentity(rawHeaders: readonly string[]): Wanted | undefined {
  const users: string[] = [];
  const groups: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    if (!name.startsWith('impersonate')) continue;
    const value = rawHeaders[index + 1] as string;
    if (name === 'impersonate-user') users.push(nameIn(name, value));
    else if (name === 'impersonate-group') groups.push(nameIn(name, value));
    else if (name === 'impersonate-uid' || name.startsWith('impersonate-extra-')) {
      throw new PlatformError('forbidden', 'only a user and groups can be impersonated, not uid or extra');
    } else invalid(`the header ${name} is not known`);
  }
  const [user] = users;
  if (user === undefined && groups.length === 0) return undefined;
  if (user === undefined) invalid('the header impersonate-group requires impersonate-user');
  if (users.length > 1) invalid('duplicate header impersonate-user');
  return { user, groups };
}

function nameIn(header: string, value: string): string {
  const name = fromHeaderText(value);
  if (name === undefined) invalid(`the header ${header} is not UTF-8`);
  // What is reserved is said to be so, however it is written.
  const fault = isInternalName(name) ? undefined : nameFault(name);
  if (fault !== undefined) invalid(`the name "${shownName(name)}" in header ${header} ${fault}`);
  return name;
}

function invalid(reason: string): never {
  throw new PlatformError('invalid_request', `${reason}; the request was refused`);
}
