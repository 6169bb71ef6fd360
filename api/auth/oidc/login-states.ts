import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { PlatformError } from '../../../contracts/errors.ts';
import type { Database } from '../../../db/client.ts';
import { insertLoginState, takeLoginState } from '../../../db/queries/sessions.ts';
import { cookieValues } from '../../http/cookies.ts';
import type { PendingLogin } from './provider.ts';

/** Holds a login that has begun; only the browser that began it has it. */
export const pendingCookie = '__Host-vcp-login';
export const pendingSeconds = 600;

export interface PendingCookie extends PendingLogin {
  /** Path of ours to go to afterwards. */
  readonly returnTo: string;
}

/** Logins that were sent to the provider: each comes back to the same browser, once. */
export interface LoginStates {
  /** Value of the cookie for the browser. */
  remember(pending: PendingCookie): Promise<string>;
  /** The login that comes back with `state`. @throws PlatformError `unauthenticated` */
  take(headers: IncomingHttpHeaders, state: unknown): Promise<PendingCookie>;
}

export function createLoginStates(database: Database, now: () => number = Date.now): LoginStates {
  return {
    async remember(pending) {
      const expiresAt = new Date(now() + pendingSeconds * 1000);
      await database.query((db) => insertLoginState(db, hashOf(pending.state), expiresAt));
      return Buffer.from(JSON.stringify(pending)).toString('base64url');
    },
    async take(headers, state) {
      const pending = readCookie(headers);
      if (pending === undefined || pending.state !== state)
        throw new PlatformError('unauthenticated', 'this login was not started in this browser; start again');
      if (!(await database.query((db) => takeLoginState(db, hashOf(pending.state), new Date(now())))))
        throw new PlatformError('unauthenticated', 'this login was already used or has expired; start again');
      return pending;
    },
  };
}

function readCookie(headers: IncomingHttpHeaders): PendingCookie | undefined {
  const [value, ...others] = cookieValues(headers, pendingCookie);
  if (value === undefined || others.length > 0) return undefined;
  try {
    const read = JSON.parse(Buffer.from(value, 'base64url').toString('utf8')) as Record<string, unknown>;
    const fields = ['state', 'nonce', 'codeVerifier', 'returnTo'];
    return fields.every((field) => typeof read[field] === 'string' && read[field] !== '')
      ? (read as unknown as PendingCookie)
      : undefined;
  } catch {
    return undefined; // no JSON: the browser made it up
  }
}

function hashOf(state: string): string {
  return createHash('sha256').update(state).digest('hex');
}
