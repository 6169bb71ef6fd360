import { PlatformError } from '../../contracts/errors.ts';
import { kindNames } from '../../contracts/kinds.ts';
import { everybodyGroup, userGroup } from '../../contracts/names.ts';
import type { User } from '../../contracts/resources/user.ts';
import { nameOfUser, reservedNameOf, teamsOf, unusableNameOf } from '../../domain/accounts/identity-names.ts';
import { nameFault, shownName } from '../../domain/accounts/name-fault.ts';
import { isInternalName } from '../../domain/accounts/reserved-names.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import { fromHeaderText } from '../http/header-text.ts';
import type { Caller } from '../identity/caller.ts';
import { type Identity, serviceAccountOf } from '../identity/identity.ts';
import type { AccessReview } from './access-review.ts';
import { type Action, platformPowers } from './action.ts';

/** Whom a client asks to act as (`kubectl --as`, `--as-group`). */
interface Wanted {
  readonly user: string;
  readonly groups: readonly string[];
}

/** What is asked about impersonation. */
export interface ImpersonationDeps {
  readonly review: AccessReview;
  readonly cache: Pick<ResourceCache, 'users' | 'teams'>;
}

/**
 * The effective caller of a request: itself, or the one its `Impersonate-*` headers name, if the management API's
 * RBAC lets it impersonate that user and every one of those groups. From there on all access is the impersonated
 * identity's, with groups exactly as given and `system:authenticated`; the original user travels along for the audit.
 * Without any group, a user of the platform has their own groups if the caller may impersonate all of them.
 * On the path of a tenant cluster it may also be what that one's own RBAC allows, service accounts included: then the caller
 * has `insideAs`, and api/proxy/tenant-impersonation.ts decides.
 * @param url request target as it stood on the request line
 * @throws PlatformError `invalid_request` for malformed headers; `forbidden` for reserved identities (before anybody is
 *   asked), for uid and extra, for what RBAC does not allow, and for who has more power than the caller; `management_unavailable`
 */
export async function impersonatedCaller(
  deps: ImpersonationDeps,
  caller: Caller,
  rawHeaders: readonly string[],
  url = '',
): Promise<Caller> {
  const wanted = wantedIdentity(rawHeaders);
  if (wanted === undefined) return caller;
  const { user } = wanted;
  const inTenant = tenantPath.test(url);
  if (inTenant && serviceAccountOf(user) !== undefined) return asServiceAccount(caller, wanted);
  refuseReserved(wanted);
  try {
    for (const [kind, name] of namesOf(wanted)) await checkAllowed(deps, caller, kind, name);
    const own = ownGroups(deps, wanted);
    const groups = withEverybody((await allAllowed(deps, caller, own)) ? own : wanted.groups);
    await checkPower(deps, caller.identity, { user, groups });
    return acting(caller, user, groups);
  } catch (error) {
    if (!inTenant || !(error instanceof PlatformError) || error.code !== 'forbidden') throw error;
    return actingInside(caller, user, withEverybody(ownGroups(deps, wanted)));
  }
}

const tenantPath = new RegExp(`^/kubernetes/project/[^/?]+/${kindNames.tenant.segment}/`);

function acting(caller: Caller, user: string, groups: readonly string[]): Caller {
  // The scope of the caller's key narrows whomever it acts as.
  return { ...caller, identity: { ...caller.identity, user, groups, originalUser: caller.identity.user } };
}

function actingInside(caller: Caller, user: string, groups: readonly string[]): Caller {
  return { ...acting(caller, user, groups), insideAs: caller.identity };
}

function asServiceAccount(caller: Caller, { user, groups }: Wanted): Caller {
  if (groups.length > 0)
    throw new PlatformError('forbidden', 'a service account has its own groups: leave out --as-group');
  return actingInside(caller, user, []);
}

function withEverybody(groups: readonly string[]): string[] {
  return [...new Set([...groups, everybodyGroup])];
}

function refuseReserved(wanted: Wanted): void {
  for (const [kind, name] of namesOf(wanted)) {
    if (!isInternalName(name)) continue;
    const hint = serviceAccountOf(name) === undefined ? '' : ' here, only inside a tenant cluster';
    throw new PlatformError(
      'forbidden',
      `${kind} "${shownName(name)}" is reserved and cannot be impersonated${hint}`,
    );
  }
}

/** @throws PlatformError `invalid_request` if a request asks for impersonation where there is none */
export function refuseImpersonation(rawHeaders: readonly string[]): void {
  if (wantedIdentity(rawHeaders) !== undefined)
    invalid('impersonation is not supported at this path, only where Kubernetes APIs are proxied');
}

/** The refusal of a request by someone who acts as another, with what that other one lacks. */
export function refusalAsOther(error: unknown, { identity, insideAs }: Caller): unknown {
  const { user, groups, originalUser } = identity;
  if (!(error instanceof PlatformError) || originalUser === undefined || insideAs !== undefined) return error;
  const { code, message, cause } = error;
  if (code !== 'forbidden' && !code.endsWith('not_found')) return error;
  const missing = groups.some((group) => group.startsWith(userGroup('')))
    ? ''
    : `; a user has what the platform gives them by group ${userGroup('<name>')}: send it too (--as-group), or get the right to impersonate all of their groups`;
  return new PlatformError(
    code,
    `${message} (you act as "${user}" with groups ${groups.join(', ')}${missing})`,
    { cause },
  );
}

/** The groups that are asked for; without any, those that a user of the platform has. */
function ownGroups({ cache }: ImpersonationDeps, wanted: Wanted): readonly string[] {
  if (wanted.groups.length > 0) return wanted.groups;
  const isWanted = ({ metadata, spec }: User) =>
    (spec?.subject || metadata.name) === wanted.user &&
    spec?.disabled !== true &&
    metadata.deletionTimestamp === undefined;
  const known = cache.users().find(isWanted);
  // No one acts as one with such names, so there is nothing that is theirs.
  if (known === undefined || reservedNameOf(known) || unusableNameOf(known)) return [];
  return nameOfUser(known, teamsOf(known, cache.teams())).groups;
}

async function checkAllowed(
  { review }: ImpersonationDeps,
  { identity }: Caller,
  kind: 'user' | 'group',
  name: string,
): Promise<void> {
  if (await review.allows(identity, impersonation(kind, name))) return;
  throw new PlatformError(
    'forbidden',
    `you may not impersonate ${kind} "${name}": that needs verb impersonate on ${kind}s in the management API`,
  );
}

async function allAllowed(
  { review }: ImpersonationDeps,
  { identity }: Caller,
  groups: readonly string[],
): Promise<boolean> {
  for (const group of groups) {
    if (group !== everybodyGroup && !(await review.allows(identity, impersonation('group', group))))
      return false;
  }
  return true;
}

/** Nobody gets power over the whole platform by acting as someone who has it, whatever RBAC lets them impersonate. */
async function checkPower({ review }: ImpersonationDeps, caller: Identity, wanted: Identity): Promise<void> {
  const own: Identity = { user: caller.user, groups: caller.groups }; // whatever the scope of the key
  for (const power of platformPowers) {
    if ((await review.allows(wanted, power)) && !(await review.allows(own, power)))
      throw new PlatformError(
        'forbidden',
        `you may not act as user "${wanted.user}" with these groups: they have rights over the whole platform that you do not have`,
      );
  }
}

function impersonation(kind: 'user' | 'group', name: string): Action {
  return { verb: 'impersonate', group: '', resource: `${kind}s`, name };
}

function namesOf({ user, groups }: Wanted): ['user' | 'group', string][] {
  return [['user', user], ...groups.map((group): ['group', string] => ['group', group])];
}

function wantedIdentity(rawHeaders: readonly string[]): Wanted | undefined {
  const users: string[] = [];
  const groups: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    if (!/^impersonate/i.test(header)) continue;
    const name = header.toLowerCase();
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
