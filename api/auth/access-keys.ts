import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError } from '../../contracts/errors.ts';
import { managementApiVersion } from '../../contracts/names.ts';
import { defaultAccessKeysPerOwner } from '../../contracts/resources/access-key-count.ts';
import type { AccessKey, AccessKeySpec } from '../../contracts/resources/access-key.ts';
import { type JsonAnswer, type JsonClient, statusMessage } from '../upstreams/json-request.ts';
import { accessKeyExpiry } from '../../domain/keys/access-key-expiry.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { IdentityCache } from '../identity/identity-cache.ts';
import { accountsIdentity } from '../identity/identity.ts';

/** What an access key begins with, so that scanners find those that leaked. */
const keyPrefix = 'vcp_';

export interface IssuedKey {
  /** The key itself; it is not stored, so this is the only time it is shown. */
  readonly key: string;
  readonly accessKey: AccessKey;
}

/** Creates and removes access keys. Its callers check authorization. */
export interface AccessKeys {
  /**
   * A new key; usable on this gateway when it is given. Of logins the one used least lately makes room.
   * @throws PlatformError `already_exists`, `invalid_request`, `management_unavailable`, `quota_exceeded` if its owner
   *   has as many as one may have
   */
  issue(name: string | undefined, spec: Omit<AccessKeySpec, 'key' | 'keyHash'>): Promise<IssuedKey>;
  /** @throws PlatformError `invalid_request`, `not_found` */
  change(key: AccessKey, spec: Partial<AccessKeySpec>): Promise<AccessKey>;
  remove(key: AccessKey): Promise<void>;
}

const knownMs = 5_000;

export function createAccessKeys(
  management: JsonClient,
  cache: IdentityCache & Pick<ResourceCache, 'accessKeys'>,
  { perOwner = defaultAccessKeysPerOwner }: { perOwner?: number | undefined } = {},
): AccessKeys {
  /** Keys that are being made: the cache knows them a moment later. */
  const coming = new Map<string, number>();
  const collection = `/apis/${managementApiVersion}/accesskeys`;
  const pathOf = ({ metadata }: AccessKey) => `${collection}/${encodeURIComponent(metadata.name)}`;

  async function remove(key: AccessKey): Promise<void> {
    const answer = await management(accountsIdentity, {
      method: 'DELETE',
      path: pathOf(key),
      body: { preconditions: { uid: key.metadata.uid } },
    });
    if (answer.status !== 404) resultOf(answer, 200);
  }

  /** Counts a key that is about to be made. @throws PlatformError `quota_exceeded` */
  async function reserve(spec: Partial<AccessKeySpec>): Promise<() => void> {
    // Logins are counted by themselves: programs log in often, which must not use up the limit.
    const isLogin = spec.type === 'Login';
    const owner = spec.user ? `user "${spec.user}"` : `team "${spec.team}"`;
    const group = `${owner} ${isLogin}`;
    const others = coming.get(group) ?? 0;
    coming.set(group, others + 1);
    const release = () => {
      const left = (coming.get(group) ?? 1) - 1;
      if (left > 0) coming.set(group, left);
      else coming.delete(group);
    };
    const present = cache
      .accessKeys()
      .filter((key) => isOf(key, spec) && (key.spec.type === 'Login') === isLogin)
      .toSorted((a, b) => lastUse(a) - lastUse(b));
    const tooMany = present.slice(0, Math.max(0, present.length + others + 1 - perOwner));
    if (tooMany.length === 0) return release;
    try {
      if (!isLogin) throw tooManyKeys(owner, perOwner, present);
      for (const key of tooMany) await remove(key);
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  async function make(
    name: string | undefined,
    spec: Omit<AccessKeySpec, 'key' | 'keyHash'>,
  ): Promise<IssuedKey> {
    const key = keyPrefix + randomBytes(32).toString('base64url');
    const keyHash = createHash('sha256').update(key).digest('hex');
    const owner = spec.user ?? spec.team ?? '';
    const answer = await management(accountsIdentity, {
      method: 'POST',
      path: collection,
      body: {
        apiVersion: managementApiVersion,
        kind: 'AccessKey',
        metadata: { name: name ?? `${owner.slice(0, 40)}-${randomBytes(5).toString('hex')}` },
        spec: { ...spec, keyHash },
      },
    });
    const accessKey = resultOf(answer, 201);
    // The cache learns of it a moment later; the new key is valid at once.
    const deadline = performance.now() + knownMs;
    while (cache.accessKey(keyHash) === undefined && performance.now() < deadline) await delay(10);
    return { key, accessKey };
  }

  return {
    async issue(name, spec) {
      const release = await reserve(spec);
      try {
        return await make(name, spec);
      } finally {
        release();
      }
    },
    async change(key, spec) {
      const answer = await management(accountsIdentity, {
        method: 'PATCH',
        path: pathOf(key),
        contentType: 'application/merge-patch+json',
        body: { metadata: { uid: key.metadata.uid }, spec },
      });
      return resultOf(answer, 200);
    },
    remove,
  };
}

/** Whether the key is one of the owner that is named, and not over. */
function isOf(key: AccessKey, { user, team }: Partial<AccessKeySpec>): boolean {
  const { metadata, spec } = key;
  const isOver = (accessKeyExpiry(key)?.getTime() ?? Number.POSITIVE_INFINITY) <= Date.now();
  if (metadata.deletionTimestamp !== undefined || isOver) return false;
  return user ? spec.user === user : !spec.user && spec.team === team;
}

function lastUse({ metadata, status }: AccessKey): number {
  return Date.parse(status?.lastActivity ?? metadata.creationTimestamp ?? '') || 0;
}

function tooManyKeys(owner: string, perOwner: number, present: readonly AccessKey[]): PlatformError {
  const names = present.slice(0, 3).map(({ metadata }) => metadata.name);
  return new PlatformError(
    'quota_exceeded',
    `${owner} has ${present.length} access keys and the limit is ${perOwner}: delete some that are not needed ("vcp list accesskeys", "vcp delete accesskey <name>"); least recently used: ${names.join(', ')}`,
  );
}

function resultOf(answer: JsonAnswer, status: number): AccessKey {
  if (answer.status === status) return answer.body as AccessKey;
  const cause = new Error(statusMessage(answer));
  if (answer.status === 409)
    throw new PlatformError(
      'already_exists',
      'an access key with that name exists already, or was changed just now',
      {
        cause,
      },
    );
  if (answer.status === 404) throw new PlatformError('not_found', 'access key not found', { cause });
  if (answer.status === 422 || answer.status === 400)
    throw new PlatformError('invalid_request', statusMessage(answer), { cause });
  throw new PlatformError('management_unavailable', 'failed to write the access key; try again', {
    cause,
  });
}
