import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Identity } from '../../identity/identity.ts';

/** Where a list goes on. */
export interface Continuation {
  /** Of the API server: it names the object where a page ended, which may be hidden from the caller. */
  readonly token: string;
  /** What the caller was shown up to there (shown-pages.ts). */
  readonly shown: string;
}

/** Continuations as clients get them: sealed. */
export interface ContinueTokens {
  seal(continuation: Continuation, identity: Identity): string;
  /** What is inside, or undefined if it is none that this gateway gave to `identity`. */
  open(sealed: string, identity: Identity): Continuation | undefined;
}

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** Tokens under a key of this process: after a restart they have expired, as tokens of an API server do. */
export function createContinueTokens(): ContinueTokens {
  const key = randomBytes(32);
  return {
    seal(continuation, identity) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(ownerOf(identity));
      const sealed = Buffer.concat([cipher.update(JSON.stringify(continuation), 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    open(text, identity) {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length < nonceBytes + tagBytes) return undefined;
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(ownerOf(identity)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        const opened = [decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()];
        return JSON.parse(Buffer.concat(opened).toString('utf8')) as Continuation;
      } catch {
        return undefined; // another key or another caller
      }
    },
  };
}

function ownerOf({ user, groups }: Identity): Buffer {
  return Buffer.from(JSON.stringify([user, groups]));
}
