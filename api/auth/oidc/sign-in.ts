import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError } from '../../../contracts/errors.ts';
import { annotations, managementApiVersion } from '../../../contracts/names.ts';
import type { User } from '../../../contracts/resources/user.ts';
import type { ResourceCache } from '../../cache/resource-cache.ts';
import { type JsonAnswer, type JsonClient, statusMessage } from '../../upstreams/json-request.ts';
import { accountsIdentity } from '../../identity/identity.ts';
import type { ClaimedIdentity } from './claimed-identity.ts';
import type { Mentions } from './mentions.ts';

/**
 * The User of a proven identity: the one that is bound to it, else a new one. A User who is there
 * already is never taken over by a name that happens to be the same, nor is what a name was given before.
 */
export type SignIn = (claimed: ClaimedIdentity) => Promise<User>;

const knownMs = 5_000;

/**
 * Updates `spec.ssoGroups` from the newest token seen.
 * @throws PlatformError `forbidden` (by the returned function) for unknown users where none are created, and for a
 *   subject that is another user's or has roles bound to it; `management_unavailable`
 */
export function createSignIn(deps: {
  readonly management: JsonClient;
  readonly cache: Pick<ResourceCache, 'user' | 'users' | 'synced'>;
  readonly createUsers: boolean;
  readonly mentions: Mentions;
}): SignIn {
  const { management, cache, createUsers, mentions } = deps;
  const bound = new Map<string, string>();
  const collection = `/apis/${managementApiVersion}/users`;

  function find(identity: string): User | undefined {
    const remembered = cache.user(bound.get(identity) ?? '');
    if (remembered !== undefined && identityOf(remembered) === identity) return remembered;
    const found = cache.users().find((user) => identityOf(user) === identity);
    if (found !== undefined) bound.set(identity, found.metadata.name);
    return found;
  }

  async function create(claimed: ClaimedIdentity): Promise<User> {
    if (!createUsers)
      throw new PlatformError(
        'forbidden',
        'you are not a user of this platform; an administrator must create a user for you',
      );
    const { subject, name } = claimed;
    if (cache.users().some((user) => (user.spec?.subject || user.metadata.name) === subject))
      throw new PlatformError(
        'forbidden',
        `another user "${subject}" exists already; an administrator must bind your login to a user`,
      );
    if (await mentions.ofSubject(subject))
      throw new PlatformError(
        'forbidden',
        `roles are already bound to a user "${subject}"; an administrator must create that user for you`,
      );
    const free = await freeName(name, claimed.identity);
    const answer = await management(accountsIdentity, {
      method: 'POST',
      path: collection,
      body: {
        apiVersion: managementApiVersion,
        kind: 'User',
        metadata: { name: free, annotations: annotationsOf(claimed) },
        spec: {
          subject,
          username: free,
          displayName: claimed.displayName,
          email: claimed.email,
          ssoGroups: claimed.groups,
        },
      },
    });
    // Two first requests at the same time make one user.
    if (answer.status === 409) return refreshGroups(await appeared(claimed.identity, 0), claimed);
    expect(answer, 201);
    return appeared(claimed.identity, claimed.issuedAt);
  }

  /** A name that nothing mentions: grants to that name, or to an earlier user of it, are not for the new user. */
  async function freeName(name: string, identity: string): Promise<string> {
    const hash = createHash('sha256').update(identity).digest('hex');
    for (const candidate of [
      name,
      `${name}-${hash.slice(0, 8)}`,
      `${name.slice(0, 40)}-${hash.slice(0, 20)}`,
    ])
      if (!(await mentions.ofName(candidate))) return candidate;
    throw new PlatformError(
      'forbidden',
      `every name derived from your login is already taken; an administrator must create a user for you`,
    );
  }

  /** Once it is in the cache, with these groups or newer ones: until then the user would have less than they hold. */
  async function appeared(identity: string, issuedAt: number): Promise<User> {
    const deadline = performance.now() + knownMs;
    for (;;) {
      const found = find(identity);
      if (found !== undefined && groupsFrom(found) >= issuedAt) return found;
      if (performance.now() > deadline)
        throw new PlatformError(
          'management_unavailable',
          'the user and their groups are not visible yet; try again',
        );
      await delay(20);
    }
  }

  async function refreshGroups(user: User, claimed: ClaimedIdentity): Promise<User> {
    const before = user.spec?.ssoGroups ?? [];
    const same =
      before.length === claimed.groups.length && claimed.groups.every((one) => before.includes(one));
    if (same || claimed.issuedAt <= groupsFrom(user)) return user;
    const answer = await management(accountsIdentity, {
      method: 'PATCH',
      path: `${collection}/${encodeURIComponent(user.metadata.name)}`,
      contentType: 'application/merge-patch+json',
      body: {
        metadata: { uid: user.metadata.uid, annotations: annotationsOf(claimed) },
        spec: { ssoGroups: claimed.groups },
      },
    });
    expect(answer, 200);
    return appeared(claimed.identity, claimed.issuedAt);
  }

  return async (claimed) => {
    if (!cache.synced)
      throw new PlatformError('management_unavailable', 'the user cache is not synced yet; try again');
    const user = find(claimed.identity);
    return user === undefined ? create(claimed) : refreshGroups(user, claimed);
  };
}

function annotationsOf({ identity, issuedAt }: ClaimedIdentity): Record<string, string> {
  return { [annotations.oidcIdentity]: identity, [annotations.oidcGroupsFrom]: String(issuedAt) };
}

/** When the token was issued that the user's groups are from, in seconds since the epoch. */
function groupsFrom({ metadata }: User): number {
  return Number(metadata.annotations?.[annotations.oidcGroupsFrom] ?? 0);
}

function identityOf(user: User): string | undefined {
  return user.metadata.annotations?.[annotations.oidcIdentity];
}

function expect(answer: JsonAnswer, status: number): void {
  if (answer.status === status) return;
  throw new PlatformError('management_unavailable', 'failed to write the user; try again', {
    cause: new Error(statusMessage(answer)),
  });
}
