import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError } from '../../contracts/errors.ts';
import { managementApiVersion } from '../../contracts/names.ts';
import type { AccessKey, AccessKeySpec } from '../../contracts/resources/access-key.ts';
import { type JsonAnswer, type JsonClient, statusMessage } from '../kubernetes/json-request.ts';
import type { Directory } from './authenticate.ts';
import { accountsIdentity } from './identity.ts';

/** What an access key begins with, so that scanners find those that leaked. */
const keyPrefix = 'vcp_';

export interface IssuedKey {
  /** The key itself. Nobody can tell it a second time. */
  readonly key: string;
  readonly accessKey: AccessKey;
}

/** Makes and removes access keys. Who may have that done, the callers decide. */
export interface AccessKeys {
  /**
   * A new key; usable on this gateway when it is given.
   * @throws PlatformError `already_exists`, `invalid_request`, `management_unavailable`
   */
  issue(name: string | undefined, spec: Omit<AccessKeySpec, 'key' | 'keyHash'>): Promise<IssuedKey>;
  /** @throws PlatformError `invalid_request`, `not_found` */
  change(key: AccessKey, spec: Partial<AccessKeySpec>): Promise<AccessKey>;
  remove(key: AccessKey): Promise<void>;
}

const knownMs = 5_000;

export function createAccessKeys(management: JsonClient, directory: Directory): AccessKeys {
  const collection = `/apis/${managementApiVersion}/accesskeys`;
  const pathOf = ({ metadata }: AccessKey) => `${collection}/${encodeURIComponent(metadata.name)}`;

  return {
    async issue(name, spec) {
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
      // The cache learns of it a moment later; whoever is given the key may use it at once.
      const deadline = performance.now() + knownMs;
      while (directory.accessKey(keyHash) === undefined && performance.now() < deadline) await delay(10);
      return { key, accessKey };
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
    async remove(key) {
      const answer = await management(accountsIdentity, {
        method: 'DELETE',
        path: pathOf(key),
        body: { preconditions: { uid: key.metadata.uid } },
      });
      if (answer.status !== 404) resultOf(answer, 200);
    },
  };
}

function resultOf(answer: JsonAnswer, status: number): AccessKey {
  if (answer.status === status) return answer.body as AccessKey;
  const cause = new Error(statusMessage(answer));
  if (answer.status === 409)
    throw new PlatformError(
      'already_exists',
      'there is an access key of that name, or it was changed just now',
      {
        cause,
      },
    );
  if (answer.status === 404) throw new PlatformError('not_found', 'there is no such access key', { cause });
  if (answer.status === 422 || answer.status === 400)
    throw new PlatformError('invalid_request', statusMessage(answer), { cause });
  throw new PlatformError('management_unavailable', 'the access key could not be written; try again', {
    cause,
  });
}
