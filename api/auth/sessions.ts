import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { LruMap } from 'toad-cache';
import type { Logger } from '../../adapters/logging.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { Database } from '../../db/client.ts';
import {
  deleteEndedSessions,
  deleteSession,
  deleteSessionsOf,
  findSession,
  insertSession,
  touchSession,
} from '../../db/queries/sessions.ts';
import type { User } from '../../contracts/resources/user.ts';
import type { SessionRow } from '../../db/schema/sessions.ts';
import type { KnownUser } from './authenticate.ts';
import { checkOrigin, isOwnOrigin } from '../http/browser-checks.ts';
import { cookieValues } from '../http/cookies.ts';
import { createSessionIds } from './session-ids.ts';

/** `__Host-`: only ever set by this very origin, over TLS, for all paths (RFC 6265bis). */
export const sessionCookie = '__Host-vcp-session';

export interface SessionLimits {
  /** Unused for this long, a session ends. */
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
}

export const defaultSessionLimits: SessionLimits = { idleSeconds: 12 * 3600, absoluteSeconds: 7 * 86_400 };

/** Sessions of browsers: a row here, a cookie there. */
export interface Sessions {
  /** A new session; what the browser had before ends. Gives the cookie's value and the token against forged requests. */
  begin(user: User, headers: IncomingHttpHeaders): Promise<{ id: string; csrfToken: string }>;
  /**
   * @param options `isUse: false` does not keep an idle session alive
   * @throws PlatformError `unauthenticated`, `forbidden`, `database_unavailable`
   */
  authenticate(
    headers: IncomingHttpHeaders,
    method: string | undefined,
    options?: { isUse: boolean },
  ): Promise<KnownUser | undefined>;
  /**
   * Refuses a foreign page's request although it has a credential of its own: the cookie says that a browser sends it.
   * @throws PlatformError `forbidden`
   */
  checkPage(headers: IncomingHttpHeaders): void;
  /** Whether the session with this hashed id goes on. @throws PlatformError `database_unavailable` */
  goesOn(idHash: string): Promise<boolean>;
  /** The token of the session in these headers. */
  csrfToken(headers: IncomingHttpHeaders): string | undefined;
  /** Ends the session in these headers. */
  end(headers: IncomingHttpHeaders): Promise<void>;
  endAllOf(user: string): Promise<void>;
  /** Removes rows that are over. */
  sweep(): Promise<void>;
}

/** What the database said of a session, and until when it is believed. */
interface Remembered {
  readonly row: SessionRow | undefined;
  readonly until: number;
  /** When its last use was written. */
  touched: number;
}

/** How long an answer of the database is believed: a session ended elsewhere ends here within this time. */
const rememberedMs = 5_000;
const touchMs = 60_000;
const maxRemembered = 10_000;

export function createSessions(deps: {
  readonly database: Database;
  readonly logger: Logger;
  /** `https://host:port` of our own pages. */
  readonly publicUrl: string;
  readonly limits?: SessionLimits;
  readonly now?: () => number;
}): Sessions {
  const { database, logger, publicUrl, limits = defaultSessionLimits, now = Date.now } = deps;
  const ids = createSessionIds(database);
  const remembered = new LruMap<Remembered>(maxRemembered);
  const asking = new Map<string, Promise<Remembered>>();
  const bounds = () => ({ now: new Date(now()), idleSince: new Date(now() - limits.idleSeconds * 1000) });

  /** Requests that come at the same time share one question. */
  function find(idHash: string): Promise<Remembered> {
    const known = remembered.get(idHash);
    if (known !== undefined && known.until > now()) return Promise.resolve(known);
    const asked = asking.get(idHash) ?? read(idHash, known).finally(() => asking.delete(idHash));
    asking.set(idHash, asked);
    return asked;
  }

  async function read(idHash: string, known: Remembered | undefined): Promise<Remembered> {
    const row = await database.query((db) => findSession(db, idHash, bounds()));
    const touched = known?.touched ?? row?.lastSeenAt.getTime() ?? 0;
    const entry = { row, until: now() + rememberedMs, touched };
    remembered.set(idHash, entry);
    return entry;
  }

  function touch(idHash: string, entry: Remembered): void {
    if (now() - entry.touched <= touchMs) return;
    entry.touched = now();
    // Not awaited; a session that is not touched ends earlier, never later.
    database
      .query((db) => touchSession(db, idHash, new Date(now())))
      .catch((err: unknown) => logger.warn({ err }, 'failed to record the last use of a session'));
  }

  async function end(id: string): Promise<void> {
    if (!(await ids.isOurs(id))) return;
    const idHash = hashOf(id);
    await database.query((db) => deleteSession(db, idHash));
    remembered.delete(idHash);
  }

  return {
    async begin(user, headers) {
      for (const previous of cookieValues(headers, sessionCookie).filter(isId)) await end(previous);
      const id = await ids.make();
      const at = new Date(now());
      await database.query((db) =>
        insertSession(db, {
          idHash: hashOf(id),
          user: user.metadata.name,
          userUid: user.metadata.uid ?? null,
          createdAt: at,
          lastSeenAt: at,
          expiresAt: new Date(now() + limits.absoluteSeconds * 1000),
        }),
      );
      return { id, csrfToken: csrfTokenOf(id) };
    },
    async authenticate(headers, method, { isUse } = { isUse: true }) {
      const id = idOf(headers);
      if (id === undefined) return undefined;
      checkOwnPage(headers, method, { publicUrl, csrfToken: csrfTokenOf(id) });
      // A made-up one costs no look-up.
      const entry = (await ids.isOurs(id)) ? await find(hashOf(id)) : undefined;
      const row = entry?.row;
      if (entry === undefined || row === undefined || !(row.expiresAt.getTime() > now()))
        throw new PlatformError('unauthenticated', 'the session has ended. Please login again');
      if (isUse) touch(row.idHash, entry);
      return {
        user: row.user,
        uid: row.userUid ?? undefined,
        since: row.createdAt,
        credential: {
          kind: 'session',
          name: row.idHash.slice(0, 16),
          expiresAt: row.expiresAt,
          issues: { session: row.idHash },
        },
      };
    },
    checkPage(headers) {
      if (cookieValues(headers, sessionCookie).length > 0) checkOrigin(headers, publicUrl);
    },
    async goesOn(idHash) {
      const { row } = await find(idHash);
      return row !== undefined && row.expiresAt.getTime() > now();
    },
    csrfToken(headers) {
      const id = idOf(headers);
      return id === undefined ? undefined : csrfTokenOf(id);
    },
    async end(headers) {
      const id = idOf(headers);
      if (id !== undefined) await end(id);
    },
    async endAllOf(user) {
      for (const idHash of await database.query((db) => deleteSessionsOf(db, user)))
        remembered.delete(idHash);
    },
    sweep: () => database.query((db) => deleteEndedSessions(db, bounds())),
  };
}

function isId(value: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(value);
}

/** The one cookie of ours in the headers; two of them could mean two people. */
function idOf(headers: IncomingHttpHeaders): string | undefined {
  const [id, ...others] = cookieValues(headers, sessionCookie);
  if (id === undefined) return undefined;
  if (others.length > 0 || !isId(id))
    throw new PlatformError('unauthenticated', 'the session cookie is malformed. Please login again');
  return id;
}

/**
 * A cookie comes along whatever page a request is from, so the request must prove that it is ours
 * (CVE-2019-13209, CVE-2024-22424): upgrades by their Origin; changes by Origin, the session's token in a header and
 * a content type that no form can send; reads must not come from another site's page.
 * @throws PlatformError `forbidden`
 */
function checkOwnPage(
  headers: IncomingHttpHeaders,
  method: string | undefined,
  own: { publicUrl: string; csrfToken: string },
): void {
  const { origin, upgrade } = headers;
  if (origin !== undefined && !isOwnOrigin(headers, own.publicUrl)) foreign('comes from another origin');
  if (upgrade !== undefined) {
    if (origin === undefined) foreign('has no Origin header, which an upgrade with a session needs');
    return;
  }
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') {
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') foreign('comes from another origin');
    return;
  }
  checkChange(headers, own.csrfToken);
}

function checkChange(headers: IncomingHttpHeaders, csrfToken: string): void {
  if (headers.origin === undefined) foreign('has no Origin header, which a change with a session needs');
  const type = headers['content-type'];
  if (type !== undefined && !/^application\/(json|[\w.-]+\+(json|yaml))\s*(;|$)/i.test(type))
    foreign('has a content type that is not JSON');
  const token = headers['x-csrf-token'];
  if (typeof token !== 'string' || !sameText(token, csrfToken))
    foreign('has no valid x-csrf-token, which a change with a session needs');
}

function foreign(why: string): never {
  throw new PlatformError('forbidden', `the request ${why}; it was refused`);
}

function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

/** Bound to the session, and reveals nothing of its id. */
function csrfTokenOf(id: string): string {
  return createHash('sha256').update(`csrf ${id}`).digest('base64url');
}
