import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { PlatformError } from '../../contracts/errors.ts';
import type { AccessKey } from '../../contracts/resources/access-key.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import { isSet } from '../../domain/ignored-fields.ts';
import { type Caller, callerOfTeam, callerOfUser } from './caller.ts';

/** What authentication looks up; informer caches in the running gateway. */
export interface Directory {
  /** The key with this lower-case hex SHA-256, if there is one. */
  accessKey(hash: string): AccessKey | undefined;
  user(name: string): User | undefined;
  team(name: string): Team | undefined;
  teams(): readonly Team[];
  /** False until everybody is known: nobody may be told then that a key is unknown. */
  readonly synced: boolean;
}

/** Who sends the request with these headers. One plain function for requests and for upgrades. */
export type Authenticate = (headers: IncomingHttpHeaders) => Caller;

const longestKey = 512;

/**
 * Authentication by bearer access key. The look-up by hash needs no constant-time compare: to be near a hash
 * tells nothing about the key.
 * @throws PlatformError `unauthenticated` for a key that is missing, malformed, unknown, disabled or expired,
 *   or whose owner is gone or disabled; `forbidden` for a key with a scope and for an owner with a reserved identity;
 *   `management_unavailable` while nobody is known yet
 */
export function createAuthenticate(directory: Directory, now: () => number = Date.now): Authenticate {
  return (headers) => {
    const key = bearer(headers);
    if (!directory.synced) {
      throw new PlatformError(
        'management_unavailable',
        'the gateway has not read yet who there is: the management API does not answer',
      );
    }
    const hash = createHash('sha256').update(key).digest('hex');
    const accessKey = directory.accessKey(hash);
    if (accessKey === undefined) {
      throw new PlatformError('unauthenticated', 'platform access key not found. Please login again');
    }
    checkUsable(accessKey, now());
    return ownerOf(accessKey, directory);
  };
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
  if (match?.[1] === undefined || match[1].length > longestKey) {
    throw new PlatformError('unauthenticated', 'the Authorization header is no "Bearer <access key>"');
  }
  return match[1];
}

function checkUsable(accessKey: AccessKey, now: number): void {
  if (accessKey.metadata.deletionTimestamp !== undefined) {
    throw new PlatformError('unauthenticated', 'the access key is deleted. Please login again');
  }
  if (accessKey.spec.disabled === true)
    throw new PlatformError('unauthenticated', 'the access key is disabled');
  if (isSet(accessKey.spec.scope)) {
    // Its owner's full rights would be more than was given.
    throw new PlatformError(
      'forbidden',
      `the access key ${accessKey.metadata.name} has a scope, which this version of the platform cannot enforce, so it opens nothing; use a key without a scope`,
    );
  }
  const ttl = accessKey.spec.ttl ?? 0;
  if (ttl <= 0) return;
  const created = Date.parse(String(accessKey.metadata.creationTimestamp));
  // A key whose age cannot be told counts as expired.
  if (!(now < created + ttl * 1000)) {
    throw new PlatformError('unauthenticated', 'the access key has expired. Please login again');
  }
}

function ownerOf(accessKey: AccessKey, directory: Directory): Caller {
  const { user: userName, team: teamName } = accessKey.spec;
  if (userName !== undefined && userName !== '') {
    const user = directory.user(userName);
    if (user === undefined || user.metadata.deletionTimestamp !== undefined) {
      throw new PlatformError('unauthenticated', 'the owner of the access key does not exist any more');
    }
    if (user.spec?.disabled === true)
      throw new PlatformError('unauthenticated', 'the owner of the access key is disabled');
    return callerOfUser(user, directory.teams(), accessKey.metadata.name);
  }
  const team = directory.team(teamName ?? '');
  if (team === undefined || team.metadata.deletionTimestamp !== undefined) {
    throw new PlatformError('unauthenticated', 'the owner of the access key does not exist any more');
  }
  return callerOfTeam(team, accessKey.metadata.name);
}
