import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Database } from '../../db/client.ts';
import { readSessionKey } from '../../db/queries/sessions.ts';

/** Makes ids of sessions, and tells ids of our gateways from forged ones. */
export interface SessionIds {
  /** @throws PlatformError `database_unavailable` */
  make(): Promise<string>;
  /** Asks the database for no id. @throws PlatformError `database_unavailable` while the key was not read yet */
  isOurs(id: string): Promise<boolean>;
}

const randomLength = 24;
/** Nothing hangs on it but a look-up: who guesses one of 2^64 has an id that no session has. */
const signatureLength = 8;

/** Ids of 43 base64url characters: random bytes, and a signature of them with the key that all gateways share. */
export function createSessionIds(database: Database): SessionIds {
  let known: Promise<string> | undefined;

  /** Read once; those who need it at the same time share one question. */
  function key(): Promise<string> {
    known ??= database.query(readSessionKey).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  }

  return {
    async make() {
      const random = randomBytes(randomLength);
      return Buffer.concat([random, signature(random, await key())]).toString('base64url');
    },
    async isOurs(id) {
      const bytes = Buffer.from(id, 'base64url');
      if (bytes.length !== randomLength + signatureLength || bytes.toString('base64url') !== id) return false;
      const random = bytes.subarray(0, randomLength);
      return timingSafeEqual(bytes.subarray(randomLength), signature(random, await key()));
    },
  };
}

function signature(random: Buffer, key: string): Buffer {
  return createHmac('sha256', key).update(random).digest().subarray(0, signatureLength);
}
