import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { PlatformError } from '../../contracts/errors.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import type { AccessKey } from '../../contracts/resources/access-key.ts';
import { accessKeyExpiry } from '../../domain/keys/access-key-expiry.ts';
import { opensNothing } from '../../domain/keys/key-scope.ts';
import { isMadeFor } from '../../domain/accounts/made-for.ts';
import type { IdentityCache } from '../identity/identity-cache.ts';
import { type Caller, callerOfTeam, callerOfUser, type Credential } from '../identity/caller.ts';
import type { KeyActivity } from './key-activity.ts';

/**
 * Who sends the request with these headers. One plain function for requests and for upgrades.
 * @param method of the request; left out, a browser's cookie counts only with all the proofs that a change needs
 */
export type Authenticate = (headers: IncomingHttpHeaders, method?: string) => Promise<Caller>;

/** A user who authenticated with something other than an access key. */
export interface KnownUser {
  readonly user: string;
  /** uid of the User it was issued to, and when; a later user of the name is another. */
  readonly uid?: string | undefined;
  readonly since?: Date | undefined;
  readonly credential: Credential;
  /** Groups of the provider that the credential holds itself: of the user's own only these count. */
  readonly ssoGroups?: readonly string[];
}

export interface AuthenticateOptions {
  readonly now?: () => number;
  readonly activity?: Pick<KeyActivity, 'record' | 'last'>;
  /**
   * The browser's session in these headers; undefined if there is none.
   * @throws PlatformError `unauthenticated` for one that has ended, `forbidden` for one used from a foreign page
   */
  readonly session?: (
    headers: IncomingHttpHeaders,
    method: string | undefined,
  ) => Promise<KnownUser | undefined>;
  /** Looks at a request that has both a bearer credential and perhaps a session's cookie. @throws PlatformError `forbidden` */
  readonly checkPage?: (headers: IncomingHttpHeaders) => void;
  /** Whether the browser's session with this hashed id goes on. */
  readonly sessionGoesOn?: (idHash: string) => Promise<boolean>;
  /** Whose ID token this is; undefined if it is none of the identity provider. @throws PlatformError `unauthenticated` */
  readonly idToken?: (token: string) => Promise<KnownUser | undefined>;
}

/** More than api/auth/issuing.ts lets anybody make. */
const maxGenerations = 10;
const longestKey = 512;

/**
 * Authentication by bearer access key, ID token of the identity provider, or browser session. The look-up by hash
 * needs no constant-time compare: being near a hash reveals nothing about the key.
 * @throws PlatformError `unauthenticated` for a key that is missing, malformed, unknown, disabled or expired,
 *   or whose owner is gone or disabled; `forbidden` for a key whose scope opens nothing and for an owner with a
 *   reserved identity; `management_unavailable` while the caches are not synced, `database_unavailable` for a key of a
 *   session that cannot be checked
 */
export function createAuthenticate(cache: IdentityCache, options: AuthenticateOptions = {}): Authenticate {
  const { now = Date.now, activity, session, checkPage, sessionGoesOn, idToken } = options;

  /** The credential that a key is, for as long as what it was made with is one. */
  async function issuedCredential(accessKey: AccessKey, below = 0): Promise<Credential> {
    const credential = credentialOf(accessKey, now(), activity);
    const { issuedBy } = accessKey.spec;
    if (issuedBy === undefined) return credential;
    if (issuedBy.session !== undefined) {
      if ((await sessionGoesOn?.(issuedBy.session)) !== true) throw issuerEnded(accessKey);
      return { ...credential, generation: 1 };
    }
    const issuer = cache.accessKeyNamed(issuedBy.accessKey ?? '');
    if (below > maxGenerations || issuer === undefined || issuer.metadata.uid !== issuedBy.uid)
      throw issuerEnded(accessKey);
    const { expiresAt, generation = 0 } = await issuedCredential(issuer, below + 1);
    const ends = [credential.expiresAt, expiresAt].filter((date) => date !== undefined);
    return {
      ...credential,
      ...(ends.length === 0 ? {} : { expiresAt: new Date(Math.min(...ends.map((date) => date.getTime()))) }),
      generation: generation + 1,
    };
  }

  async function known(
    headers: IncomingHttpHeaders,
    method: string | undefined,
  ): Promise<KnownUser | Caller> {
    if (headers.authorization === undefined) {
      const found = await session?.(headers, method);
      if (found !== undefined) return found;
    } else checkPage?.(headers);
    const token = bearer(headers);
    checkSynced(cache);
    const accessKey = token.length > longestKey ? undefined : cache.accessKey(hash('sha256', token));
    if (accessKey !== undefined) {
      const credential = await issuedCredential(accessKey);
      const caller = ownerOf(accessKey, credential, cache);
      activity?.record(accessKey, now());
      return caller;
    }
    const found = isJwt(token) ? await idToken?.(token) : undefined;
    if (found !== undefined) return found;
    throw new PlatformError('unauthenticated', 'platform access key not found. Please login again');
  }

  return async (headers, method) => {
    const found = await known(headers, method);
    if ('identity' in found) return found;
    checkSynced(cache);
    const user = enabledUser(cache, found.user, { uid: found.uid, at: found.since });
    return callerOfUser(withGroups(user, found.ssoGroups), cache.teams(), found.credential);
  };
}

function withGroups(user: User, held: readonly string[] | undefined): User {
  if (held === undefined) return user;
  const ssoGroups = (user.spec?.ssoGroups ?? []).filter((group) => held.includes(group));
  return { ...user, spec: { ...user.spec, ssoGroups } };
}

function checkSynced({ synced }: IdentityCache): void {
  if (synced) return;
  throw new PlatformError(
    'management_unavailable',
    'the identity cache is not synced: the management API does not answer',
  );
}

function bearer(headers: IncomingHttpHeaders): string {
  const value = headers.authorization;
  if (value === undefined) {
    throw new PlatformError(
      'unauthenticated',
      'an access key is needed: send "Authorization: Bearer <access key>"',
    );
  }
  const match = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(value);
  const token = match?.[1];
  if (token === undefined)
    throw new PlatformError('unauthenticated', 'the Authorization header is not "Bearer <access key>"');
  if (token.length > longestKey && !isJwt(token))
    throw new PlatformError(
      'unauthenticated',
      `the Authorization header is not "Bearer <access key>": no access key is longer than ${longestKey} characters, and this is not an ID token`,
    );
  return token;
}

/** Whether it has the form of a signed token: three parts, the first a JSON object. */
function isJwt(token: string): boolean {
  return /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(token);
}

function credentialOf(
  accessKey: AccessKey,
  now: number,
  activity: Pick<KeyActivity, 'last'> | undefined,
): Credential {
  const { metadata, spec } = accessKey;
  if (metadata.deletionTimestamp !== undefined) {
    throw new PlatformError('unauthenticated', 'the access key was deleted. Please login again');
  }
  if (spec.disabled === true) throw new PlatformError('unauthenticated', 'the access key is disabled');
  const expiresAt = accessKeyExpiry(accessKey, activity?.last(accessKey));
  // A key of unknown age counts as expired.
  if (expiresAt !== undefined && !(now < expiresAt.getTime())) {
    throw new PlatformError('unauthenticated', 'the access key has expired. Please login again');
  }
  const { scope } = spec;
  if (scope !== undefined && opensNothing(scope)) {
    throw new PlatformError(
      'forbidden',
      `the access key ${metadata.name} has a scope that allows nothing: it is empty, or has fields that this version of the platform does not know`,
    );
  }
  return {
    kind: 'access-key',
    name: metadata.name,
    keyType: spec.type ?? '',
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(scope === undefined ? {} : { scope }),
    issues: { accessKey: metadata.name, ...(metadata.uid === undefined ? {} : { uid: metadata.uid }) },
  };
}

function issuerEnded({ metadata }: AccessKey): PlatformError {
  return new PlatformError(
    'unauthenticated',
    `the login or key that access key ${metadata.name} was created with has ended. Please login again`,
  );
}

function ownerOf(accessKey: AccessKey, credential: Credential, cache: IdentityCache): Caller {
  const { user: userName, team: teamName } = accessKey.spec;
  if (userName !== undefined && userName !== '')
    return callerOfUser(enabledUser(cache, userName, accessKey), cache.teams(), credential);
  const team = cache.team(teamName ?? '');
  if (team === undefined || team.metadata.deletionTimestamp !== undefined || !isOfOwner(accessKey, team)) {
    throw new PlatformError('unauthenticated', 'the owner of the access key does not exist any more');
  }
  return callerOfTeam(team, credential);
}

/** Keys and the owners that they were seen to be made for; what changes is another object. */
const knownOwners = new WeakMap<AccessKey, User | Team>();

function isOfOwner(accessKey: AccessKey, owner: User | Team): boolean {
  if (knownOwners.get(accessKey) === owner) return true;
  const { creationTimestamp } = accessKey.metadata;
  const at = creationTimestamp === undefined ? undefined : new Date(creationTimestamp);
  if (!isMadeFor(owner, { uid: accessKey.status?.ownerUid, at })) return false;
  knownOwners.set(accessKey, owner);
  return true;
}

/** @param made what was made for the user: a key, or a session or token by when it was */
function enabledUser(
  cache: IdentityCache,
  name: string,
  made: AccessKey | Parameters<typeof isMadeFor>[1],
): User {
  const user = cache.user(name);
  const isTheirs = (found: User) => ('spec' in made ? isOfOwner(made, found) : isMadeFor(found, made));
  if (user === undefined || user.metadata.deletionTimestamp !== undefined || !isTheirs(user)) {
    throw new PlatformError('unauthenticated', 'the owner of the access key does not exist any more');
  }
  if (user.spec?.disabled === true)
    throw new PlatformError('unauthenticated', 'the owner of the access key is disabled');
  return user;
}
