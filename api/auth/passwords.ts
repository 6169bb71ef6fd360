import { randomUUID } from 'node:crypto';
import { hashDigest, hashPassword, passwordMatches } from '../../adapters/password-hash.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { managementApiVersion, passwordNamespace } from '../../contracts/names.ts';
import type { User } from '../../contracts/resources/user.ts';
import { type JsonAnswer, type JsonClient, statusMessage } from '../upstreams/json-request.ts';
import type { IdentityCache } from '../identity/identity-cache.ts';
import { accountsIdentity } from '../identity/identity.ts';
import type { LoginThrottle } from './login-throttle.ts';

/** Passwords of users, of which Secrets of their own namespace hold scrypt hashes. */
export interface Passwords {
  /**
   * The enabled user with this name and password. Takes the same work whether or not there is such a user.
   * @throws PlatformError `unauthenticated`, `too_many_attempts`, `management_unavailable`
   */
  check(username: string, password: string, address: string): Promise<User>;
  /** Gives the user this password. @throws PlatformError `invalid_request` for a weak one */
  set(user: User, password: string): Promise<void>;
  /** Gives the user the password with this SHA-256 (hexadecimal), as vCluster's command line sends it: how long it is, no one knows. */
  setDigest(user: User, digest: string): Promise<void>;
}

/** As NIST SP 800-63B asks: length, no composition rules. */
const shortest = 12;
const longest = 256;
/** Asked for in place of an unnamed Secret; what it holds, if it is there, is not looked at. */
const noSecret = 'nobody';
/** Hashes that are computed at the same time, and those that may wait for it: each takes 16 MiB. */
const atOnce = 2;
const maxWaiting = 50;
/** For those who were right lately from where they are: they wait before the others. */
const maxKnownWaiting = 50;

export function createPasswords(deps: {
  readonly management: JsonClient;
  readonly cache: IdentityCache;
  readonly throttle: LoginThrottle;
}): Passwords {
  const { management, cache, throttle } = deps;
  const limited = createLimit(atOnce, { known: maxKnownWaiting, unknown: maxWaiting });

  async function storedHash(user: User | undefined): Promise<string | undefined> {
    const { secretName, secretNamespace, key } = user?.spec?.passwordRef ?? {};
    const isThere = secretName && secretNamespace === passwordNamespace && key;
    // Asked for in any case: the time it takes must not reveal which users have a password.
    const path = secretPath(isThere ? secretName : noSecret);
    const answer = await management(accountsIdentity, { method: 'GET', path });
    if (!isThere) return undefined;
    if (answer.status === 404) return undefined;
    expect(answer, 200);
    const { data = {} } = answer.body as { data?: Record<string, string> };
    const value = Object.hasOwn(data, key) ? data[key] : undefined;
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
  }

  async function keep(user: User, hashed: string): Promise<void> {
    const hash = Buffer.from(hashed).toString('base64');
    // A new Secret each time: users who share one by hand never change each other's password.
    const secretName = `user-${user.metadata.name}-${randomUUID().slice(0, 8)}`;
    expect(
      await management(accountsIdentity, {
        method: 'POST',
        path: secretPath(),
        body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: secretName }, data: { hash } },
      }),
      201,
    );
    expect(
      await management(accountsIdentity, {
        method: 'PATCH',
        path: `/apis/${managementApiVersion}/users/${encodeURIComponent(user.metadata.name)}`,
        contentType: 'application/merge-patch+json',
        body: {
          metadata: { uid: user.metadata.uid },
          spec: { passwordRef: { secretName, secretNamespace: passwordNamespace, key: 'hash' } },
        },
      }),
      200,
    );
    const previous = user.spec?.passwordRef;
    if (previous?.secretNamespace === passwordNamespace && previous.secretName)
      await management(accountsIdentity, { method: 'DELETE', path: secretPath(previous.secretName) });
  }

  return {
    async check(username, password, address) {
      throttle.attempt(username, address);
      const who = throttle.isKnown(username, address) ? 'known' : 'unknown';
      if (!cache.synced)
        throw new PlatformError('management_unavailable', 'the user cache is not synced yet; try again');
      const user = cache.user(username);
      // The hash too is read under the limit: a flood must not reach the management API.
      const right = await limited(who, async () =>
        passwordMatches(password.slice(0, longest + 1), await storedHash(user)),
      );
      if (!right || user === undefined || user.spec?.disabled === true || user.metadata.deletionTimestamp) {
        throw new PlatformError('unauthenticated', 'wrong user name or password');
      }
      throttle.succeeded(username, address);
      return user;
    },
    async set(user, password) {
      if (password.length < shortest || password.length > longest) {
        throw new PlatformError('invalid_request', `a password has ${shortest} to ${longest} characters`);
      }
      await keep(user, await limited('known', () => hashPassword(password)));
    },
    async setDigest(user, digest) {
      await keep(user, await limited('known', () => hashDigest(digest)));
    },
  };
}

function secretPath(name?: string): string {
  const all = `/api/v1/namespaces/${passwordNamespace}/secrets`;
  return name === undefined ? all : `${all}/${encodeURIComponent(name)}`;
}

function expect(answer: JsonAnswer, status: number): void {
  if (answer.status === status) return;
  throw new PlatformError('management_unavailable', 'failed to read or write the account; try again', {
    cause: new Error(statusMessage(answer)),
  });
}

type Who = 'known' | 'unknown';

/** Runs at most `running` works at a time. @throws PlatformError `too_many_attempts` if too many of a kind wait */
function createLimit(
  running: number,
  waiting: Readonly<Record<Who, number>>,
): <T>(who: Who, work: () => Promise<T>) => Promise<T> {
  const queues: Record<Who, (() => void)[]> = { known: [], unknown: [] };
  let active = 0;
  return async (who, work) => {
    if (active >= running) {
      if (queues[who].length >= waiting[who]) {
        throw new PlatformError('too_many_attempts', 'too many logins at the moment; try again', {
          details: { retryAfterSeconds: 5 },
        });
      }
      await new Promise<void>((resolve) => queues[who].push(resolve));
    } else active++;
    try {
      return await work();
    } finally {
      const next = queues.known.shift() ?? queues.unknown.shift();
      if (next === undefined) active--;
      else next(); // the place goes on to it
    }
  };
}
