import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { OidcConfig } from '../../../contracts/auth-config.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { nameFault, shownName } from '../../../domain/accounts/name-fault.ts';
import { isReservedName } from '../../../domain/accounts/reserved-names.ts';

/** The identity in a verified token. */
export interface ClaimedIdentity {
  /** `<issuer> <sub>`: the one thing about a person that never changes. */
  readonly identity: string;
  /** User name towards Kubernetes. */
  readonly subject: string;
  /** A name for a new User; another may have it. */
  readonly name: string;
  readonly displayName: string;
  readonly email: string;
  readonly groups: readonly string[];
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: Date;
  readonly issuer: string;
}

const maxGroups = 200;
/** Of a name, in UTF-8: it travels in a header of each request. */
const maxBytes = 1024;

/**
 * What the claims say, by the configured rules. Reserved identities are refused before anybody asks what they may do.
 * @throws PlatformError `forbidden`
 */
export function claimedIdentity(claims: JWTPayload, config: OidcConfig): ClaimedIdentity {
  const { usernameClaim = 'email', usernamePrefix = '' } = config;
  const username = text(claims[usernameClaim]);
  if (username === '') refuse(`the identity provider does not send the claim "${usernameClaim}"`);
  if (usernameClaim === 'email' && claims['email_verified'] !== true)
    refuse('the identity provider has not verified the e-mail address');
  const subject = usernamePrefix + username;
  for (const name of [subject, username, text(claims.sub)]) {
    if (isReservedName(name)) refuse(`the name "${shownName(name)}" is reserved`);
  }
  checkName('user name', subject);
  checkSubject(text(claims.sub));
  return {
    identity: `${text(claims.iss)} ${text(claims.sub)}`,
    subject,
    name: resourceName(username),
    displayName: text(claims['name']),
    email: text(claims['email']),
    groups: groupsOf(claims, config),
    issuedAt: claims.iat ?? 0,
    expiresAt: new Date((claims.exp ?? 0) * 1000),
    issuer: text(claims.iss),
  };
}

function groupsOf(
  claims: JWTPayload,
  { groupsClaim = 'groups', groupsPrefix = '', groups }: OidcConfig,
): string[] {
  const value = claims[groupsClaim];
  const sent: unknown[] = Array.isArray(value) ? value : [value ?? ''];
  if (!sent.every((group) => typeof group === 'string'))
    refuse(`the claim "${groupsClaim}" holds something that is not the name of a group`);
  const given = sent.filter((group) => group !== '');
  const reserved = given.find((group) => isReservedName(group) || isReservedName(groupsPrefix + group));
  if (reserved !== undefined) refuse(`the group "${shownName(reserved)}" is reserved`);
  const taken = groups === undefined ? given : given.filter((group) => groups.includes(group));
  const named = [...new Set(taken.map((group) => groupsPrefix + group))].sort();
  if (named.length > maxGroups) refuse(`more than ${maxGroups} groups: list the ones to use in oidc.groups`);
  for (const name of named) checkName('group', name);
  return named;
}

function checkName(what: string, name: string): void {
  const fault = Buffer.byteLength(name) > maxBytes ? `is longer than ${maxBytes} bytes` : nameFault(name);
  if (fault !== undefined) refuse(`the ${what} "${shownName(name)}" ${fault}`);
}

/** What is not a text, or text that does not survive being stored, would be one person for all who have it. */
function checkSubject(sub: string): void {
  if (sub === '' || sub.length > maxBytes || !sub.isWellFormed() || /[\p{Cc}\ufffd]/u.test(sub))
    refuse(`the claim "sub" is not a text of at most ${maxBytes} characters`);
}

/** A DNS label like `name`; for what has no letter or digit, one that is made of its hash. */
function resourceName(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/@.*$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '');
  return label === '' ? `user-${createHash('sha256').update(name).digest('hex').slice(0, 10)}` : label;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function refuse(why: string): never {
  throw new PlatformError('forbidden', `${why}; an administrator must change it`);
}
